// host_gaps: sorts, cuts, bridges and filters waits; reads schedstat. Pure, so that what decides
// between "the kernel froze" and "the host was busy" is tested without a host.
//
// Why bridge: on a crowded host the scheduler gives a thread its CPU for tens of microseconds and
// takes it again. For the guest these are one outage, and 0.3 ms + 0.3 ms of it would otherwise
// fall under the threshold twice.

#include "harness/run/host_gaps.h"

#include <algorithm>
#include <charconv>

namespace lab {
namespace {

/// One thread's waits, cut to the window and sorted.
std::vector<Interval> waits_within(std::span<const HostWait> waits, thaw::Tid tid,
                                   Interval window) {
  std::vector<Interval> cut;
  for (const HostWait& wait : waits) {
    const Interval part{std::max(wait.when.start_ns, window.start_ns),
                        std::min(wait.when.end_ns, window.end_ns)};
    if (wait.tid == tid && part.start_ns < part.end_ns) cut.push_back(part);
  }
  std::sort(cut.begin(), cut.end(),
            [](const Interval& a, const Interval& b) { return a.start_ns < b.start_ns; });
  return cut;
}

}  // namespace

std::vector<std::vector<Interval>> gaps_of(std::span<const HostWait> waits,
                                           std::span<const thaw::Tid> tids, Interval window,
                                           int64_t least_ns) {
  std::vector<std::vector<Interval>> result;
  for (const thaw::Tid tid : tids) {
    std::vector<Interval> gaps;
    for (const Interval& wait : waits_within(waits, tid, window)) {
      if (!gaps.empty() && wait.start_ns - gaps.back().end_ns < kBridgeNs) {
        gaps.back().end_ns = std::max(gaps.back().end_ns, wait.end_ns);
      } else {
        gaps.push_back(wait);
      }
    }
    std::erase_if(gaps, [&](const Interval& gap) { return gap.end_ns - gap.start_ns < least_ns; });
    result.push_back(std::move(gaps));
  }
  return result;
}

SchedstatLook parse_schedstat(std::string_view text, int64_t time_ns) {
  SchedstatLook look{.time_ns = time_ns, .run_ns = -1, .run_delay_ns = 0};
  const char* end = text.data() + text.size();
  int64_t run_ns = 0;
  const auto first = std::from_chars(text.data(), end, run_ns);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return look;
  const auto second = std::from_chars(first.ptr + 1, end, look.run_delay_ns);
  if (second.ec != std::errc() || second.ptr == end || *second.ptr != ' ') return look;
  look.run_ns = run_ns;
  return look;
}

Interval wait_between(const SchedstatLook& before, const SchedstatLook& now) {
  const int64_t growth_ns = now.run_delay_ns - before.run_delay_ns;
  if (growth_ns <= 0) return {};
  return {now.time_ns - growth_ns, now.time_ns};
}

}  // namespace lab
