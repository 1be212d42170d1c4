#pragma once
// What the host took away from the guest, asked in guest time. Pure; built once per run.

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/run/evidence.h"

namespace lab {

/// The gaps of all vCPUs as one set, with the clock map between guest and host. Owns copies.
///
/// "Held off" means that some vCPU was runnable on the host and not running: any of them counts,
/// because the one that waits for a lock and the one that holds it are seldom the same.
class HostTime {
 public:
  explicit HostTime(const Evidence& evidence);

  /// Host and clock were both watched. Otherwise held_ns() is 0 and means nothing.
  bool is_known() const { return is_known_; }

  /// Of the guest interval, how much the host may have taken: the clock map's error is counted in
  /// the host's favour, so this is never too small. At most the interval's length.
  int64_t held_ns(Interval guest) const;

  /// The same for somebody who waited for a timer: QEMU's own timers may have been late too.
  int64_t held_late_ns(Interval guest) const;

  /// As held_ns() for an interval of host time, which needs no map.
  int64_t held_host_ns(Interval host) const;

  /// Share of the load during which no vCPU was held off, 0 to 1.
  double undisturbed() const { return undisturbed_; }
  /// Of the time that a vCPU had, the share in which all the others had theirs too, 0 to 1.
  double together() const { return together_; }
  /// The longest time without one moment at which no vCPU was held off.
  int64_t longest_ns() const { return longest_ns_; }

  Interval to_host(Interval guest) const;
  Interval to_guest(Interval host) const;

 private:
  void measure(const Evidence& evidence);
  int64_t covered(const std::vector<Interval>& gaps, Interval guest) const;

  bool is_known_ = false;
  ClockMap clock_;
  std::vector<Interval> gaps_;           ///< union over vCPUs: sorted, disjoint
  std::vector<Interval> gaps_or_timer_;  ///< and QEMU's timers
  double undisturbed_ = 0;
  double together_ = 0;
  int64_t longest_ns_ = 0;
};

/// Sorted and disjoint; empty and reversed intervals are dropped.
std::vector<Interval> merged(std::vector<Interval> intervals);

/// Length of the part of `within` that the sorted, disjoint `intervals` cover.
int64_t covered_ns(const std::vector<Interval>& intervals, Interval within);

}  // namespace lab
