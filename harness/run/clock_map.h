#pragma once
// How the guest's clock maps to the host's, from questions and answers. Pure.

#include <cstdint>
#include <optional>
#include <span>

#include "harness/run/evidence.h"

namespace lab {

/// One question: the guest read `guest_ns` at some moment between the host's two readings.
struct ClockProbe {
  int64_t host_sent_ns = 0;
  int64_t guest_ns = 0;
  int64_t host_got_ns = 0;
};

/// A straight line through the probes, and how far off it may be. Nothing with fewer than two
/// probes.
std::optional<ClockMap> map_clocks(std::span<const ClockProbe> probes);

}  // namespace lab
