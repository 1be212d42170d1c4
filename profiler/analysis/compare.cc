// What changed between two captures.
//
// Goal. Say of each function whether its part of the CPU time changed, and not show noise as
// change.
//
// Definitions. A function's share is its samples over all samples of threads. Shares do not depend
// on how long a capture is or how fast it sampled; how much CPU time a second of the machine gave
// to a function does not depend on them either, and is what tells a program that does half the work
// from one that does the same work in half the time. Both are given.
//
// Why the obvious way is wrong. A list of differences sorted by size is mostly noise: of a thousand
// samples, a share of 10 % comes out 8 to 12 % from one recording to the next. So each change is
// tested: the two shares are two proportions, and the question is how often the same true share
// would give two so different ones. Pearson's chi-squared test with N − 1 instead of N (Campbell,
// "Chi-squared and Fisher–Irwin tests of two-by-two tables with small sample recommendations",
// Statistics in Medicine 26, 2007) holds as long as one sample is expected in every cell. With a
// thousand functions, fifty would pass a test at 5 % by chance: of those that are called changed,
// at most 5 % may be expected to be wrong (Benjamini and Hochberg, "Controlling the false discovery
// rate", Journal of the Royal Statistical Society B 57, 1995).
//
// What it does not know. The test is about sampling. That a program behaves differently from run to
// run is a change to it, and a real one; whether it is one of the code only more recordings tell.
// Times of threads are measured, not sampled: they need no test.

#include "profiler/analysis/compare.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "profiler/analysis/extent.h"

namespace thaw {

ShareChange compare_shares(std::array<uint64_t, 2> part, std::array<uint64_t, 2> all) {
  ShareChange change;
  if (all[0] == 0 || all[1] == 0) return change;
  std::array<double, 2> n{};
  std::array<double, 2> in{};
  for (size_t side = 0; side < 2; side++) {
    n[side] = static_cast<double>(all[side]);
    in[side] = static_cast<double>(part[side]);
  }
  change.points = 100 * (in[1] / n[1] - in[0] / n[0]);
  const double sum = n[0] + n[1];
  const double both = in[0] + in[1];
  const double least_expected = std::min(n[0], n[1]) * std::min(both, sum - both) / sum;
  if (least_expected < 1) return change;
  const double across = in[0] * (n[1] - in[1]) - in[1] * (n[0] - in[0]);
  const double chi_squared = (sum - 1) * across / (n[0] * n[1]) * across / (both * (sum - both));
  change.p = std::erfc(std::sqrt(chi_squared / 2));  // of one degree of freedom
  return change;
}

void mark_significant(std::span<ShareChange* const> changes, double rate) {
  std::vector<ShareChange*> sorted(changes.begin(), changes.end());
  std::ranges::sort(sorted, {}, &ShareChange::p);
  size_t marked = 0;
  for (size_t i = 0; i < sorted.size(); i++)
    if (sorted[i]->p <= rate * static_cast<double>(i + 1) / static_cast<double>(sorted.size()))
      marked = i + 1;
  for (size_t i = 0; i < marked; i++) sorted[i]->is_significant = true;
}

namespace {

/// By how much running and ready time of a wall second changed, in seconds: what orders threads.
double moved(const ThreadChange& change, const std::array<int64_t, 2>& length_ns) {
  const auto per_second = [&](int64_t NamedThreads::*time, size_t side) {
    return length_ns[side] == 0 ? 0.0
                                : static_cast<double>(change.sides[side].*time) /
                                      static_cast<double>(length_ns[side]);
  };
  double sum = 0;
  for (const auto time : {&NamedThreads::running_ns, &NamedThreads::ready_ns})
    sum += std::abs(per_second(time, 1) - per_second(time, 0));
  return sum;
}

/// Times in a file can be anything up to kMaxTimeNs: their sum stays at the largest.
void add(int64_t& sum_ns, int64_t ns) {
  if (__builtin_add_overflow(sum_ns, ns, &sum_ns)) sum_ns = std::numeric_limits<int64_t>::max();
}

ComparedCapture sum_up(const Profiled& side) {
  constexpr int64_t kLeastNs = 1'000'000;  // as `thaw freezes`
  const Capture& capture = side.capture;
  ComparedCapture out;
  out.length_ns = end_ns(capture) - start_ns(capture);
  out.samples = side.profile.samples;
  out.sample_hz = capture.header().sample_hz;
  const Accounting books = account(capture);
  out.happened = books.happened_total();
  out.lost = books.lost();
  out.losses = books.losses;
  if (capture.tally()) {
    out.own_cpu_ns = capture.tally()->own_cpu_ns + capture.tally()->programs_ns;
    for (const auto& contexts : capture.tally()->emit)
      for (const EmitHistogram& emits : contexts)
        out.longest_emit_ns = std::max(out.longest_emit_ns, emits.max_ns);
  }
  for (const Freeze& freeze : find_freezes(capture, kLeastNs)) {
    out.freezes++;
    add(out.frozen_ns, freeze.length_ns);
  }
  return out;
}

std::vector<Comparison::Difference> differences_of(const Header& before, const Header& after) {
  std::vector<Comparison::Difference> out;
  const auto look = [&](const char* what, std::string one, std::string other) {
    if (one != other) out.push_back({what, {std::move(one), std::move(other)}});
  };
  look("kernel", before.kernel, after.kernel);
  look("machine", before.machine, after.machine);
  look("CPUs", std::to_string(before.cpus), std::to_string(after.cpus));
  look("scope", before.scope, after.scope);
  look("command", before.command, after.command);
  look("clock", before.clock, after.clock);
  look("rate", fmt::format("{} Hz", before.sample_hz), fmt::format("{} Hz", after.sample_hz));
  look("thaw", before.thaw_version, after.thaw_version);
  return out;
}

std::vector<FunctionChange> functions_of(const std::array<Profiled, 2>& sides,
                                         const CompareOptions& options) {
  std::map<Function, FunctionChange> all;
  for (size_t side = 0; side < 2; side++) {
    for (const FunctionCost& cost : sides[side].profile.functions) {
      Function key = cost.function;
      if (options.by_name && key.name != "?") key.module = "";
      FunctionChange& change = all[key];
      if (change.function.name.empty()) change.function = cost.function;
      change.self_samples[side] += cost.self;
      change.total_samples[side] += cost.total;
    }
  }
  std::vector<FunctionChange> changes;
  for (auto& [key, change] : all) changes.push_back(std::move(change));
  const std::array<uint64_t, 2> samples{sides[0].profile.samples, sides[1].profile.samples};
  std::vector<ShareChange*> self;
  std::vector<ShareChange*> total;
  for (FunctionChange& change : changes) {
    change.self = compare_shares(change.self_samples, samples);
    change.total = compare_shares(change.total_samples, samples);
    self.push_back(&change.self);
    total.push_back(&change.total);
  }
  mark_significant(self, options.rate);
  mark_significant(total, options.rate);
  std::ranges::sort(changes, [](const FunctionChange& a, const FunctionChange& b) {
    const auto rank = [](const FunctionChange& change) {
      return std::pair(-std::abs(change.self.points), -std::abs(change.total.points));
    };
    return std::pair(rank(a), a.function) < std::pair(rank(b), b.function);
  });
  return changes;
}

void add(NamedThreads& sum, const ThreadCost& cost) {
  sum.threads++;
  sum.samples += cost.samples;
  sum.switches += cost.times.switches;
  add(sum.running_ns, cost.times.running_ns);
  add(sum.ready_ns, cost.times.ready_ns);
  add(sum.waiting_ns, cost.times.waiting_ns);
  for (size_t i = 0; i < sum.waits.size(); i++) {
    sum.waits[i].count += cost.times.waits[i].count;
    add(sum.waits[i].ns, cost.times.waits[i].ns);
  }
}

std::vector<ThreadChange> threads_of(const std::array<Profiled, 2>& sides,
                                     const std::array<int64_t, 2>& length_ns) {
  std::map<std::string, ThreadChange> all;
  for (size_t side = 0; side < 2; side++)
    for (const ThreadCost& cost : sides[side].profile.threads)
      add(all[cost.times.name].sides[side], cost);
  std::vector<ThreadChange> changes;
  for (auto& [name, change] : all) {
    change.name = name;
    changes.push_back(std::move(change));
  }
  std::ranges::stable_sort(changes, std::greater(),
                           [&](const ThreadChange& change) { return moved(change, length_ns); });
  return changes;
}

}  // namespace

Comparison compare(const std::array<Profiled, 2>& sides, const CompareOptions& options) {
  Comparison out;
  for (size_t side = 0; side < 2; side++) out.sides[side] = sum_up(sides[side]);
  out.differences = differences_of(sides[0].capture.header(), sides[1].capture.header());
  out.functions = functions_of(sides, options);
  out.threads = threads_of(sides, {out.sides[0].length_ns, out.sides[1].length_ns});
  return out;
}

std::vector<const FunctionChange*> grown(const Comparison& comparison, double points) {
  std::vector<const FunctionChange*> out;
  const auto grew = [&](const ShareChange& change) {
    return change.is_significant && change.points > points;
  };
  for (const FunctionChange& change : comparison.functions)
    if (grew(change.self) || grew(change.total)) out.push_back(&change);
  return out;
}

}  // namespace thaw
