#pragma once
// From the two stacks of a sample or a switch to one list of functions. The only place that walks
// the addresses of a stack to name them. Reads files of this machine; changes nothing.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "profiler/analysis/frame_names.h"

namespace thaw {

/// What makes two stacks equal, so that each is counted first and named once.
struct Trace {
  uint32_t program = 0;  ///< of AddressSpaces: what the user stack's addresses mean
  StackId kernel_stack;
  StackId user_stack;
  /// Where a thread gave up its CPU or woke another, not where it ran: the kernel's leaf is a call
  /// that returns.
  bool is_switch = false;

  friend bool operator==(const Trace&, const Trace&) = default;
};

struct CallFrame {
  uint32_t function = 0;  ///< id of FrameNames
  uint64_t address = 0;   ///< in the function: of a caller, the last byte of its call
  bool is_kernel = false;
  /// Inlined: its code is part of the next frame's function and has the same address.
  bool is_inlined = false;
  uint32_t line = 0;  ///< in the source: of the address, or of the inlined call; 0 unknown
};

/// Turns traces into frames. The capture must outlive it. Used by one thread.
class CallStacks {
 public:
  explicit CallStacks(const Capture& capture, const NameOptions& options = {});

  Trace trace_of(const Event& event) const;
  /// Of a thread that has waited since `time_ns`.
  Trace trace_of_wait(Pid pid, int64_t time_ns, StackId kernel_stack, StackId user_stack) const;

  /// Leaf first, the kernel's before the user's; empty when no stack was recorded. What watched is
  /// left out: a sample that somebody else's NMI took is the stack that it interrupted, a switch
  /// begins with the scheduler and not with the program that recorded it. Valid until the next
  /// call.
  std::span<const CallFrame> frames(const Trace& trace);

  const FrameNames& names() const { return names_; }

 private:
  std::span<const uint64_t> without_nmi(std::span<const uint64_t> addresses) const;
  std::span<const uint64_t> from_scheduler(std::span<const uint64_t> addresses) const;
  std::span<const uint64_t> kernel_part(const Trace& trace) const;
  void append(const Trace& trace, std::span<const uint64_t> addresses, bool is_kernel);

  const Capture& capture_;
  FrameNames names_;
  std::vector<CallFrame> frames_;
};

}  // namespace thaw

template <>
struct std::hash<thaw::Trace> {
  size_t operator()(const thaw::Trace& trace) const noexcept {
    uint64_t hash = trace.program * 2 + (trace.is_switch ? 1 : 0);
    hash = hash * 0x9e3779b97f4a7c15 + trace.kernel_stack.value;
    hash = hash * 0x9e3779b97f4a7c15 + trace.user_stack.value;
    return hash ^ (hash >> 29);
  }
};
