#pragma once
// A sample as those read it who sum up millions of them: what an Event of that kind holds, in a
// third of the memory.

#include <cstdint>

#include "profiler/store/event.h"

namespace thaw {

/// Without its CPU: nothing is summed up by CPU.
struct Sample {
  int64_t time_ns = 0;
  Tid tid;
  Pid pid;
  StackId kernel_stack;
  StackId user_stack;
};

inline Sample sample_of(const Event& event) {
  return {event.time_ns, event.tid, event.pid, event.kernel_stack, event.user_stack};
}

}  // namespace thaw
