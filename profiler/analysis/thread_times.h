#pragma once
// How long each thread ran, was ready and waited, for what, and who woke it. Pure.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "profiler/analysis/wait_reason.h"
#include "profiler/store/reader.h"

namespace thaw {

struct Waits {
  uint64_t count = 0;
  int64_t ns = 0;
};

struct Waker {
  Tid tid;  ///< 0: an interrupt on an idle CPU, or not known
  std::string name;
  uint64_t count = 0;  ///< waits of this thread that it ended
  int64_t ns = 0;      ///< that they had lasted
};

struct ThreadTimes {
  Tid tid;
  Pid pid;
  std::string name;  ///< the last it had; "" when it was never named
  int64_t running_ns = 0;
  int64_t ready_ns = 0;
  int64_t waiting_ns = 0;
  int64_t unknown_ns = 0;                   ///< a switch is not in the capture
  uint64_t switches = 0;                    ///< times that it got a CPU
  std::array<Waits, kWaitReasons> waits{};  ///< their times add up to waiting_ns
  /// Of the unknown waits: those whose stack was left out to keep the cost below --max-overhead.
  Waits shed;
  std::vector<Waker> wakers;  ///< most first
};

/// Longest running first. Waits are `unknown` in a capture without stacks of switches; of one
/// without wake-ups there are no wakers, and a wait lasts until the thread runs again.
std::vector<ThreadTimes> thread_times(const Capture& capture);

}  // namespace thaw
