#pragma once
// The BPF programs' per-CPU counters as a store Tally. Pure.

#include <span>

#include "profiler/store/facts.h"
#include "profiler/wire/event.h"

namespace thaw {

/// Sums levels into contexts and CPUs into names. Only what the kernel side counted;
/// `switch_window` false leaves Tally::switches empty.
Tally tally_of(std::span<const cpu_state> cpus, bool switch_window);

/// The context in which a level's programs run: sched, lifecycle and nested are task, timer is
/// interrupt.
EmitContext context_of(uint8_t level);

}  // namespace thaw
