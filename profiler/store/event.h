#pragma once
// One event of a capture, as the store keeps it and analysis reads it: the decoded,
// kernel-independent form of wire/event.h. A flat struct on purpose: which fields mean something
// depends on the kind, see the table below.
//
// clang-format off
//   kind          tid, pid are       other_tid is   detail is         duration_ns   name      stacks
//   sample        the thread on CPU  -              -                 -             -         yes
//   sched_switch  prev               next           prev's state      -             -         yes, if
//                                                                                             it blocks
//   sched_waking  wakee              waker          target CPU        -             -         -
//   sched_wakeup  wakee              current        target CPU        -             -         -
//   task_seen     a thread that was there when the capture began      -             its name  -
//   task_new      the new thread     its parent     -                 -             its name  -
//   task_exec     the thread         its old tid    -                 -             new name  -
//   task_exit     the thread         -              exit code         -             -         -
//   task_rename   the thread         -              -                 -             new name  -
//   slow_emit     the interrupted    -              EmitContext       of the emit   -         kernel
//   kernel_log    -                  -              syslog priority   -             the line  -
//   stall         -                  -              -                 late by       witness   -
// clang-format on

#include <cstdint>

#include "profiler/base/ids.h"

namespace thaw {

/// Values are stored in files: append only, never renumber.
enum class EventKind : uint8_t {
  sample = 1,
  sched_switch = 2,
  sched_waking = 3,
  sched_wakeup = 4,
  task_seen = 5,
  task_new = 6,
  task_exec = 7,
  task_exit = 8,
  task_rename = 9,
  slow_emit = 10,
  kernel_log = 11,
  stall = 12,
};
inline constexpr int kEventKinds = 13;  ///< array size to index by kind

/// "sample", "sched_switch", …: the names in `info --json` and in `dump`.
const char* name_of(EventKind kind);

/// Whether events of this kind come by the million: all that follow from what threads do. The
/// others are few, and about threads, the machine and the recording.
constexpr bool is_frequent(EventKind kind) {
  return kind == EventKind::sample || kind == EventKind::sched_switch ||
         kind == EventKind::sched_waking || kind == EventKind::sched_wakeup;
}

/// Where a user stack ends, and why there. Values are stored in files (four bits) and equal wire's
/// `stack_end`.
enum class StackEnd : uint8_t {
  unknown = 0,         ///< there is none, or it was walked by frame pointers, which do not tell
  complete = 1,        ///< at the entry of the process or thread
  too_deep = 2,        ///< more frames than are kept
  no_unwind_info = 3,  ///< in code that says nothing of its frames: the last frame lies in it
  unmapped = 4,        ///< at an address where no code of the process is known
  unreadable = 5,      ///< the memory of the stack could not be read
  unsupported = 6,     ///< at a rule of the unwind information that Thaw cannot follow
  copy_too_short = 7,  ///< the stack is longer than what was copied of it
  compat = 8,          ///< a 32-bit process
  /// Not taken, to save its cost. Without a kernel stack neither was: by the brake of
  /// --max-overhead.
  shed = 9,
};
inline constexpr int kStackEnds = 10;
/// "complete", "too_deep", …: the names in `info --json` and in `dump`.
const char* name_of(StackEnd end);

/// In which context a BPF program emitted. Values are stored in files and equal wire's
/// `emit_context`.
enum class EmitContext : uint8_t { task = 0, interrupt = 1, nmi = 2 };
inline constexpr int kEmitContexts = 3;
const char* name_of(EmitContext context);

/// Of x86-64: the upper half of the address space is the kernel's.
constexpr bool is_kernel_address(uint64_t address) {
  return address >> 63 != 0;
}

struct Event {
  EventKind kind = EventKind::sample;
  CpuId cpu;
  /// CLOCK_MONOTONIC when the BPF program began to emit; of a slow_emit and a stall, when it began.
  int64_t time_ns = 0;
  Tid tid;
  Pid pid;
  Tid other_tid;
  int64_t detail = 0;
  int64_t duration_ns = 0;
  StringId name;
  StackId kernel_stack;
  StackId user_stack;
  StackEnd user_end = StackEnd::unknown;

  friend bool operator==(const Event&, const Event&) = default;
};

/// Of a switch: neither stack was taken, to keep the cost below --max-overhead.
inline bool is_left_out_by_brake(StackId kernel_stack, StackEnd user_end) {
  return user_end == StackEnd::shed && kernel_stack.value == 0;
}

}  // namespace thaw
