#pragma once
// From raw waits of threads to the gaps that the judge subtracts. Pure.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "harness/run/evidence.h"
#include "profiler/base/ids.h"

namespace lab {

/// One wait of one thread: runnable and not running, host CLOCK_MONOTONIC.
struct HostWait {
  thaw::Tid tid;
  Interval when;
};

/// Waits shorter than this are nobody's stall: the smallest stall the lab speaks of is 1 ms.
inline constexpr int64_t kLeastGapNs = 500'000;
/// A thread that ran for less than this between two waits did no work worth the name; the two are
/// one gap.
inline constexpr int64_t kBridgeNs = 100'000;

/// Per thread of `tids`, in that order: its waits cut to `window`, in time order, without overlap,
/// bridged over kBridgeNs, and only those of at least `least_ns`. Waits may come in any order;
/// those of other threads are ignored.
std::vector<std::vector<Interval>> gaps_of(std::span<const HostWait> waits,
                                           std::span<const thaw::Tid> tids, Interval window,
                                           int64_t least_ns = kLeastGapNs);

/// What one look at /proc/PID/task/TID/schedstat says.
struct SchedstatLook {
  int64_t time_ns = 0;       ///< host CLOCK_MONOTONIC of the look
  int64_t run_ns = 0;        ///< first field: time on a CPU
  int64_t run_delay_ns = 0;  ///< second field: time it was runnable and had no CPU
};

/// The fields of a schedstat file; a run time of -1 when it is not one.
SchedstatLook parse_schedstat(std::string_view text, int64_t time_ns);

/// The wait that must lie before `now`, when run_delay grew since `before`. The kernel adds a wait
/// when it ends, so the end is known to one look and the length exactly: [now - growth, now]. Empty
/// when it did not grow.
Interval wait_between(const SchedstatLook& before, const SchedstatLook& now);

}  // namespace lab
