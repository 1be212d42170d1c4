// Length times count: the fewer there are, the longer they must be.
//
// Goal. See freezes that are too short to be one by themselves, such as 20 ms twenty times in five
// seconds, and never see one in a sound guest.
//
// What is counted is the own part of a stall, after the waits of every vCPU, and for heartbeats
// those of QEMU's timers, are taken away. A heartbeat that is due in the middle of a freeze of L
// ms is late by L less up to its period of 4 ms, and what the host takes meanwhile is taken from
// that too, so the limits stand well below the lengths that they are for.
//
// What sound guests show under TCG, two vCPUs on two cores, pipe ping-pong for 3 to 5 s: beside
// compilers (12 runs of 5.10, 6.17 and 7.3) 17.6 ms at most, and 12 ms or more once at most. Beside
// eight busy programs as well (3 runs of 6.12) 25 ms at most, 12 ms or more twice at most. In 319
// runs of all cases on quiet hosts 12 ms or more twice at most, but for one run of 5.10: 11 times
// in 5 s, 38 ms at most, which no repetition showed. Twenty injected freezes of 20 ms in 5 s left
// an own part of 12 to 20 ms each.
//
// So: once 80 ms, a third of what a user sees as a freeze and twice the longest seen; three times
// 40 ms; or 12 ms as often as 2.3 times a second and twelve times at least.

#include "harness/verdict/standstill.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab {

namespace {

struct Limit {
  double own_ms;
  size_t least;  ///< so many at least, however short the load
  double least_per_s;
};

constexpr Limit kLimits[] = {
    {.own_ms = 80, .least = 1, .least_per_s = 0},
    {.own_ms = 40, .least = 3, .least_per_s = 0.3},
    {.own_ms = 12, .least = 12, .least_per_s = 2.3},
};

}  // namespace

std::optional<std::string> standstill(const std::vector<Stall>& stalls, double load_s) {
  for (const Limit& limit : kLimits) {
    size_t count = 0;
    double longest_ms = 0;
    for (const Stall& stall : stalls) {
      if (stall.own_ms() < limit.own_ms) continue;
      count++;
      longest_ms = std::max(longest_ms, stall.own_ms());
    }
    if (count < limit.least || static_cast<double>(count) < limit.least_per_s * load_s) continue;
    return fmt::format(
        "stood still {} times for {:.0f} ms or more that the host does not explain, "
        "the longest {:.0f} ms, in {:.1f} s",
        count, limit.own_ms, longest_ms, load_s);
  }
  return std::nullopt;
}

}  // namespace lab
