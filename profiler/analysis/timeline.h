#pragma once
// Per thread, over time: running, ready, waiting. Built from switches and wake-ups alone. Pure.

#include <cstdint>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

enum class ThreadState : uint8_t { running, ready, waiting, unknown };
const char* name_of(ThreadState state);

/// A half-open interval [start_ns, end_ns) in which one thread was in one state.
struct Slice {
  ThreadState state = ThreadState::unknown;
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  CpuId cpu;  ///< where it ran or was queued; meaningless while waiting
  Tid waker;  ///< of a waiting slice: who ended it; 0 unknown
  /// Of a waiting slice: where the thread blocked; 0 when that was not recorded.
  StackId kernel_stack;
  StackId user_stack;
  StackEnd user_end = StackEnd::unknown;  ///< `shed`: the brake left both stacks out
  /// And where its waker was; 0 likewise.
  StackId waker_kernel_stack;
  StackId waker_user_stack;
};

struct ThreadTimeline {
  Tid tid;
  Pid pid;
  std::vector<Slice> slices;  ///< in time order, without overlap; gaps only where nothing is known
};

/// From when on every event is in the capture: a little after its header was written.
int64_t recording_start_ns(const Capture& capture);

/// Threads by tid. The idle threads (tid 0) are left out: CPU time they had is nobody's.
std::vector<ThreadTimeline> build_timeline(const Capture& capture);

}  // namespace thaw
