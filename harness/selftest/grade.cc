// A verdict is right when its kind is one of those that the check allows, and it gives the reason
// that the check expects: a run that is `infra` because QEMU was killed must not be right because
// the host happened to be busy.

#include "harness/selftest/grade.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace lab {

namespace {

std::string names_of(const std::vector<VerdictKind>& kinds) {
  std::vector<std::string> names;
  for (const VerdictKind kind : kinds) names.emplace_back(name_of(kind));
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string what_is_wrong(const Check& check, const RunResult& result) {
  const Verdict& verdict = result.verdict;
  if (std::ranges::find(check.right, verdict.kind) == check.right.end())
    return fmt::format("{} expected", names_of(check.right));
  if (verdict.reason.find(check.reason) == std::string::npos)
    return fmt::format("the reason does not say '{}'", check.reason);
  const auto is_it = [&](const Finding& finding) { return finding.type == check.finding; };
  if (!check.finding.empty() && std::ranges::none_of(verdict.findings, is_it))
    return fmt::format("no finding '{}' in the console log", check.finding);
  return "";
}

struct Span {
  double start_ms = 0;
  double length_ms = 0;
};

/// The freezes that `mishap` made, on the clock that verdicts use.
/// Those outside the load nobody was there to see.
std::vector<Span> freezes_in(std::string_view truth, int64_t load_start_ns, double load_ms) {
  const auto json = nlohmann::json::parse(truth, nullptr, false);
  std::vector<Span> spans;
  if (!json.is_object() || !json.contains("stalls")) return spans;
  for (const auto& stall : json["stalls"]) {
    const auto start_ns = stall.value("start_ns", int64_t{0});
    const Span span{static_cast<double>(start_ns - load_start_ns) / 1e6,
                    static_cast<double>(stall.value("length_ns", int64_t{0})) / 1e6};
    if (span.start_ms >= 0 && span.start_ms + span.length_ms <= load_ms) spans.push_back(span);
  }
  return spans;
}

bool was_seen(const Span& freeze, const std::vector<Stall>& stalls) {
  return std::ranges::any_of(stalls, [&](const Stall& stall) {
    return stall.start_ms < freeze.start_ms + freeze.length_ms &&
           freeze.start_ms < stall.start_ms + stall.length_ms &&
           stall.own_ms() >= freeze.length_ms / 2;
  });
}

}  // namespace

GradedRun grade(const Check& check, const RunResult& result, std::string_view truth,
                int64_t load_start_ns) {
  GradedRun run{.id = result.id,
                .kernel = result.kernel_name(),
                .seed = result.seed,
                .verdict = result.verdict.kind,
                .reason = result.verdict.reason,
                .wrong = what_is_wrong(check, result),
                .wall_s = result.wall_s,
                .repeat = result.repeat};
  for (const Span& freeze : freezes_in(truth, load_start_ns, 1e3 * result.load_s)) {
    run.injected++;
    if (was_seen(freeze, result.verdict.stalls)) run.seen++;
  }
  return run;
}

std::string GradedCheck::complaint() const {
  if (!skipped.empty()) return "could not be made: " + skipped;
  const auto infra = std::ranges::count(runs, VerdictKind::infra, &GradedRun::verdict);
  if (static_cast<double>(infra) > check.most_infra * static_cast<double>(runs.size()))
    return fmt::format("{} of {} runs could not be judged; at most {:.0f} % may", infra,
                       runs.size(), 100 * check.most_infra);
  return "";
}

bool GradedCheck::is_right() const {
  return complaint().empty() &&
         std::ranges::all_of(runs, [](const GradedRun& run) { return run.wrong.empty(); });
}

std::vector<Detection> detection_curve(const std::vector<GradedCheck>& checks) {
  std::map<double, Detection> points;
  for (const GradedCheck& graded : checks) {
    if (!graded.check.freeze_ms) continue;
    Detection& point = points[*graded.check.freeze_ms];
    point.freeze_ms = *graded.check.freeze_ms;
    for (const GradedRun& run : graded.runs) {
      point.runs++;
      point.injected += run.injected;
      point.seen += run.seen;
      if (run.verdict == VerdictKind::freeze) point.judged_freeze++;
    }
  }
  std::vector<Detection> curve;
  for (const auto& [length, point] : points)
    if (point.injected > 0) curve.push_back(point);
  return curve;
}

}  // namespace lab
