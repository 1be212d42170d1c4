#pragma once
// What the lab's self-test has its own agent do wrong. Nothing of this happens in any other run.

#include <cstdint>
#include <string>

namespace lab {

/// `how` and when, in seconds from now: "exit@2" (PID 1 ends), "crash@2" (by a fault of its own),
/// "jump@2" (from then on it tells a time one second late), "fast@2" (its time runs a tenth too
/// fast). Anything else does nothing.
void arm_mishap(const std::string& how);

/// What the agent tells the lab that the time is: CLOCK_MONOTONIC, unless it is to lie.
int64_t told_time_ns();

}  // namespace lab
