#pragma once
// Host time without the moments in which the lab itself had stopped the guest. Pure.

#include <cstdint>
#include <vector>

#include "harness/run/evidence.h"

namespace lab {

/// Under TCG a stopped guest's clock stands still, so the host's must be read as if it had, too:
/// else every stop would bend the map between the two. Times of a run that were taken on the host
/// all go through this, and what comes out is compared only with what came out.
class StopClock {
 public:
  /// `stops` in time order, without overlap.
  explicit StopClock(std::vector<Interval> stops) : stops_(std::move(stops)) {}

  /// `host_ns` minus all stops before it; the moment of a stop when it lies inside one. 0 stays 0:
  /// it means that something has not happened.
  int64_t running_ns(int64_t host_ns) const;
  Interval running(Interval host) const {
    return {running_ns(host.start_ns), running_ns(host.end_ns)};
  }

 private:
  std::vector<Interval> stops_;
};

}  // namespace lab
