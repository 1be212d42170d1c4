#pragma once
// CPUs that deliver nothing although a thread is on them. Pure.

#include <cstdint>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

struct Silence {
  CpuId cpu;
  int64_t start_ns = 0;  ///< of the last event of this CPU before it
  int64_t end_ns = 0;    ///< of the first after it, or of the capture
  Tid tid;               ///< who was on it
  StackId kernel_stack;  ///< where the CPU was when it came back; 0 when that was not recorded
};

/// By start time. Empty for a capture without samples at a rate of its own, in which nothing is due
/// at any time; for a damaged one, which has holes of its own; and with samples apart.
std::vector<Silence> find_silences(const Capture& capture);

}  // namespace thaw
