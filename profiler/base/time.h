#pragma once
// Clocks and durations. All capture times are CLOCK_MONOTONIC, which is what bpf_ktime_get_ns()
// reads.

#include <chrono>
#include <cstdint>
#include <ctime>

namespace thaw {

using Nanoseconds = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;

/// CLOCK_MONOTONIC, in nanoseconds since an arbitrary point (the boot).
inline int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// CPU time of this process, its threads together.
inline uint64_t own_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

}  // namespace thaw
