// Trials from one saved machine share its memory layout and the order in which it came up, so they
// are no independent draws: a hang may need a layout. Hence at least five boots, few trials each
// at first; then larger batches, since a boot costs as much as three trials.

#include "harness/verdict/hunt.h"

#include <algorithm>
#include <cmath>

namespace lab {

namespace {
constexpr uint64_t kFirstBatch = 2;
constexpr uint64_t kLaterBatch = 10;
}  // namespace

bool is_finding(VerdictKind kind) {
  return kind == VerdictKind::freeze || kind == VerdictKind::hang || kind == VerdictKind::crash ||
         kind == VerdictKind::fidelity;
}

bool is_conclusive(VerdictKind kind) {
  return kind == VerdictKind::pass || is_finding(kind);
}

Hunt::Hunt(const HuntRule& rule)
    : rule_(rule), test_(rule.rare, rule.often, rule.risk, rule.risk) {}

void Hunt::begin_boot() {
  boots_.push_back({});
}

void Hunt::add(bool shown) {
  if (boots_.empty()) begin_boot();
  boots_.back().trials++;
  boots_.back().successes += shown;
  trials_++;
  reproduced_ += shown;
  test_.add(shown);
}

std::string Hunt::over_because() const {
  if (rule_.until_found && reproduced_ > 0) return "found";
  if (rule_.trials) return trials_ >= *rule_.trials ? "count" : "";
  if (trials_ >= rule_.most_trials) return "most trials";
  const bool is_decided = test_.answer() != SequentialTest::Answer::undecided;
  const uint64_t counted = static_cast<uint64_t>(
      std::ranges::count_if(boots_, [](const Group& boot) { return boot.trials >= kFirstBatch; }));
  return is_decided && counted >= rule_.boots ? "sequential test" : "";
}

uint64_t Hunt::next_batch() const {
  if (!over_because().empty()) return 0;
  if (rule_.trials) {
    const uint64_t boots = std::max<uint64_t>(1, std::min(rule_.boots, *rule_.trials));
    return std::min((*rule_.trials + boots - 1) / boots, *rule_.trials - trials_);
  }
  const uint64_t batch = boots_.size() < rule_.boots ? kFirstBatch : kLaterBatch;
  return std::min(batch, rule_.most_trials - trials_);
}

HuntResult Hunt::result() const {
  HuntResult result{.trials = trials_,
                    .reproduced = reproduced_,
                    .probability = binomial_interval(reproduced_, trials_, rule_.confidence),
                    .confidence = rule_.confidence,
                    .boots = boots_,
                    .between_boots = std::sqrt(variance_between(boots_.data(), boots_.size())),
                    .trials_to_prove_fix = std::nullopt,
                    .stopped_by = over_because()};
  if (reproduced_ > 0)
    result.trials_to_prove_fix = trials_to_exclude(result.probability.low, rule_.confidence);
  result.is_complete = !result.stopped_by.empty();
  if (!result.is_complete) result.stopped_by = "interrupted";
  return result;
}

}  // namespace lab
