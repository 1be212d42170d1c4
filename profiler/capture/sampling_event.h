#pragma once
// The perf event that causes samples.

#include <linux/perf_event.h>

#include <cstdint>

#include "profiler/capture/options.h"

namespace thaw {

/// For `cpu`: `hz` samples a second by Cycles or CpuClock; an event that never happens for
/// any other clock. The period of CpuClock is 1 / `hz` until it is given another
/// (sample_periods.h). That of Cycles is the kernel's: it changes it all the time to keep the rate,
/// and counts cycles, which no load knows to a thousandth.
perf_event_attr sampling_event(Clock clock, uint32_t hz, uint32_t cpu);

}  // namespace thaw
