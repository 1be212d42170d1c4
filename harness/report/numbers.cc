// Figures of a run. Kept apart from their presentations so that the terminal and the page cannot
// disagree.

#include "harness/report/numbers.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace lab {

double longest_own_ms(const RunResult& run) {
  double longest = 0;
  for (const Stall& stall : run.verdict.stalls) longest = std::max(longest, stall.own_ms());
  return longest;
}

size_t own_stalls(const RunResult& run) {
  return static_cast<size_t>(std::ranges::count_if(
      run.verdict.stalls, [](const Stall& stall) { return stall.own_ms() >= kShownStallMs; }));
}

std::optional<double> switches_per_s(const RunResult& run) {
  if (run.load_s <= 0) return std::nullopt;
  const auto count = run.kernel_switches ? run.kernel_switches : run.switches_recorded;
  if (!count) return std::nullopt;
  return static_cast<double>(*count) / run.load_s;
}

std::string duration_text(double ms) {
  if (ms <= 0) return "0";
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  return fmt::format("{:.2f} s", ms / 1000);
}

uint64_t nmis_total(const RunResult& run) {
  return std::accumulate(run.nmis_delivered.begin(), run.nmis_delivered.end(), uint64_t{0});
}

}  // namespace lab
