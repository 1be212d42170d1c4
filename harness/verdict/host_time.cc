// Guest time to host time, and the host's share of a guest interval. Used by the freeze meter to
// tell a guest that stood still from one that was not let run. Interval arithmetic only: what share
// is too much is judge.cc's decision.

#include "harness/verdict/host_time.h"

#include <algorithm>
#include <cmath>

namespace lab {

std::vector<Interval> merged(std::vector<Interval> intervals) {
  std::erase_if(intervals, [](const Interval& i) { return i.end_ns <= i.start_ns; });
  std::ranges::sort(intervals, {}, &Interval::start_ns);
  std::vector<Interval> result;
  for (const Interval& interval : intervals) {
    if (!result.empty() && interval.start_ns <= result.back().end_ns)
      result.back().end_ns = std::max(result.back().end_ns, interval.end_ns);
    else
      result.push_back(interval);
  }
  return result;
}

int64_t covered_ns(const std::vector<Interval>& intervals, Interval within) {
  auto first = std::ranges::upper_bound(intervals, within.start_ns, {}, &Interval::end_ns);
  int64_t covered = 0;
  for (auto i = first; i != intervals.end() && i->start_ns < within.end_ns; ++i)
    covered += std::min(i->end_ns, within.end_ns) - std::max(i->start_ns, within.start_ns);
  return covered;
}

HostTime::HostTime(const Evidence& evidence)
    : is_known_(!evidence.host_watch.empty() && evidence.clock && evidence.load_host),
      clock_(evidence.clock.value_or(ClockMap{})) {
  std::vector<Interval> all;
  for (const auto& gaps : evidence.host_gaps) all.insert(all.end(), gaps.begin(), gaps.end());
  gaps_ = merged(all);
  all.insert(all.end(), evidence.timer_gaps.begin(), evidence.timer_gaps.end());
  gaps_or_timer_ = merged(std::move(all));
  if (is_known_) measure(evidence);
}

void HostTime::measure(const Evidence& evidence) {
  const Interval load = *evidence.load_host;
  const auto window = static_cast<double>(load.end_ns - load.start_ns);
  if (window <= 0 || evidence.host_gaps.empty()) {
    is_known_ = false;
    return;
  }
  undisturbed_ = 1 - static_cast<double>(covered_ns(gaps_, load)) / window;
  double running = 0;
  for (const auto& gaps : evidence.host_gaps)
    running += 1 - static_cast<double>(covered_ns(merged(gaps), load)) / window;
  running /= static_cast<double>(evidence.host_gaps.size());
  together_ = running > 0 ? std::min(1.0, undisturbed_ / running) : 0;
  for (const Interval& gap : gaps_) {
    const int64_t inside = covered_ns({gap}, load);
    longest_ns_ = std::max(longest_ns_, inside);
  }
}

Interval HostTime::to_host(Interval guest) const {
  return clock_.to_host(guest);
}

Interval HostTime::to_guest(Interval host) const {
  // host = guest + offset + drift · (guest - origin), solved for guest.
  const auto map = [this](int64_t time) {
    const auto since = static_cast<double>(time - clock_.offset_ns - clock_.origin_ns);
    return clock_.origin_ns + std::llround(since / (1 + clock_.drift));
  };
  return {map(host.start_ns), map(host.end_ns)};
}

int64_t HostTime::held_host_ns(Interval host) const {
  return is_known_ ? covered_ns(gaps_, host) : 0;
}

int64_t HostTime::covered(const std::vector<Interval>& gaps, Interval guest) const {
  if (!is_known_) return 0;
  Interval host = to_host(guest);
  host.start_ns -= clock_.error_ns;
  host.end_ns += clock_.error_ns;
  return std::min(guest.end_ns - guest.start_ns, covered_ns(gaps, host));
}

int64_t HostTime::held_ns(Interval guest) const {
  return covered(gaps_, guest);
}

int64_t HostTime::held_late_ns(Interval guest) const {
  return covered(gaps_or_timer_, guest);
}

}  // namespace lab
