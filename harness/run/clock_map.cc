// Each probe says: at guest time g the host's clock was in [sent, got]. The quickest answers say it
// best; the line goes through the middles of two of them, one early and one late, so that it also
// has the drift. Nothing is assumed about where in a round trip the guest read its clock: the error
// is what makes the line agree with every probe, and at least half of the two round trips used;
// before the early and after the late one it grows with the distance, as it does on any line.
// A guest clock that jumped or was stepped shows as an error too large to explain anything by.

#include "harness/run/clock_map.h"

#include <algorithm>
#include <cmath>

namespace lab {

namespace {

int64_t round_trip(const ClockProbe& probe) {
  return probe.host_got_ns - probe.host_sent_ns;
}

double middle(const ClockProbe& probe) {
  return static_cast<double>(probe.host_sent_ns) + static_cast<double>(round_trip(probe)) / 2;
}

const ClockProbe& quickest(std::span<const ClockProbe> probes) {
  return *std::ranges::min_element(probes, {}, round_trip);
}

}  // namespace

std::optional<ClockMap> map_clocks(std::span<const ClockProbe> probes) {
  if (probes.size() < 2) return std::nullopt;
  // The outer thirds: far apart, and enough of them to find a quick one.
  const size_t third = std::max<size_t>(1, probes.size() / 3);
  const ClockProbe& early = quickest(probes.first(third));
  const ClockProbe& late = quickest(probes.last(third));
  ClockMap map;
  map.origin_ns = early.guest_ns;
  map.offset_ns = std::llround(middle(early) - static_cast<double>(early.guest_ns));
  const auto guest_span = static_cast<double>(late.guest_ns - early.guest_ns);
  if (guest_span > 0) map.drift = (middle(late) - middle(early)) / guest_span - 1;
  map.error_ns = std::max(round_trip(early), round_trip(late)) / 2;
  if (guest_span > 0) {
    for (const ClockProbe& end : {probes.front(), probes.back()}) {
      const double at = static_cast<double>(end.guest_ns - early.guest_ns) / guest_span;
      const double error = (std::abs(1 - at) * static_cast<double>(round_trip(early)) +
                            std::abs(at) * static_cast<double>(round_trip(late))) /
                           2;
      map.error_ns = std::max(map.error_ns, static_cast<int64_t>(std::min(std::ceil(error), 1e18)));
    }
  }
  for (const ClockProbe& probe : probes) {
    const int64_t host_ns = map.to_host(probe.guest_ns);
    map.error_ns =
        std::max({map.error_ns, probe.host_sent_ns - host_ns, host_ns - probe.host_got_ns});
  }
  return map;
}

}  // namespace lab
