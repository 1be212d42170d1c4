// At most a few dozen stops a run: no need for anything but adding them up.

#include "harness/run/stop_clock.h"

#include <algorithm>

namespace lab {

int64_t StopClock::running_ns(int64_t host_ns) const {
  int64_t stopped_ns = 0;
  for (const Interval& stop : stops_) {
    if (stop.start_ns >= host_ns) break;
    stopped_ns += std::min(stop.end_ns, host_ns) - stop.start_ns;
  }
  return host_ns - stopped_ns;
}

}  // namespace lab
