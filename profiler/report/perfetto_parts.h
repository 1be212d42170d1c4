#pragma once
// The three parts of a Perfetto trace that come from a capture's events; export_perfetto.cc puts
// them together. Pure.

#include <map>
#include <string>
#include <unordered_map>

#include "profiler/analysis/sampled_stacks.h"
#include "profiler/analysis/threads.h"
#include "profiler/report/perfetto_trace.h"

namespace thaw::perfetto {

/// What sched_switch writes as prev_state for a task_struct::__state.
int64_t reported_state(int64_t state);

/// Switches, wakings and wake-ups, as from ftrace.
void add_switches(const Capture& capture, const std::unordered_map<Tid, ThreadName>& names,
                  Trace& trace);

/// Samples, and before them all that their stacks refer to.
void add_samples(const Capture& capture, const SampledStacks& samples, Trace& trace);

/// A slice per wait on its thread, where the capture knows reasons, and per freeze on one track.
void add_slices(const Capture& capture, const std::unordered_map<Tid, ThreadName>& names,
                Trace& trace);

}  // namespace thaw::perfetto
