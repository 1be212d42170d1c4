// A recorded stack is addresses: where the thread was, then where each call returns to. Which of
// the two an address is decides which byte is looked up, since the instruction after a call that
// never returns belongs to somebody else.
//
// A stack is not remembered once it is named: callers count equal traces first and ask once for
// each.

#include "profiler/analysis/call_stack.h"

#include <algorithm>
#include <string_view>

namespace thaw {

CallStacks::CallStacks(const Capture& capture, const NameOptions& options)
    : capture_(capture), names_(capture, options) {}

Trace CallStacks::trace_of(const Event& event) const {
  return {names_.spaces().program_at(event.pid, event.time_ns), event.kernel_stack,
          event.user_stack, event.kind == EventKind::sched_switch};
}

Trace CallStacks::trace_of_wait(Pid pid, int64_t time_ns, StackId kernel_stack,
                                StackId user_stack) const {
  return {names_.spaces().program_at(pid, time_ns), kernel_stack, user_stack, true};
}

std::span<const uint64_t> CallStacks::without_nmi(std::span<const uint64_t> addresses) const {
  if (capture_.header().clock != "nmi") return addresses;
  constexpr std::string_view kEntries[] = {"exc_nmi", "asm_exc_nmi", "nmi", "end_repeat_nmi"};
  size_t first = 0;
  for (size_t i = 0; i < addresses.size(); i++) {
    const KernelFunction* function = kernel_function(capture_, addresses[i], false);
    if (function != nullptr && std::ranges::find(kEntries, function->name) != std::end(kEntries))
      first = i + 1;
  }
  return addresses.subspan(first);
}

/// The tracepoints are inside of __schedule and try_to_wake_up (so from v5.10 to v7.3); a stack
/// without either stays whole.
std::span<const uint64_t> CallStacks::from_scheduler(std::span<const uint64_t> addresses) const {
  for (size_t i = 0; i < addresses.size(); i++) {
    const KernelFunction* function = kernel_function(capture_, addresses[i], false);
    if (function != nullptr &&
        (function->name == "__schedule" || function->name == "try_to_wake_up"))
      return addresses.subspan(i);
  }
  return addresses;
}

std::span<const uint64_t> CallStacks::kernel_part(const Trace& trace) const {
  const std::span<const uint64_t> addresses = capture_.stack(trace.kernel_stack);
  return trace.is_switch ? from_scheduler(addresses) : without_nmi(addresses);
}

void CallStacks::append(const Trace& trace, std::span<const uint64_t> addresses, bool is_kernel) {
  bool is_leaf = !(is_kernel && trace.is_switch);
  for (const uint64_t address : addresses) {
    const uint64_t at = is_leaf ? address : address - 1;
    if (is_kernel) {
      frames_.push_back({names_.kernel(address, is_leaf), at, true});
    } else {
      for (const FrameNames::Frame& frame : names_.user_frames(trace.program, address, is_leaf))
        frames_.push_back({frame.function, at, false, true, frame.line});
      frames_.back().is_inlined = false;
    }
    is_leaf = false;
  }
}

std::span<const CallFrame> CallStacks::frames(const Trace& trace) {
  frames_.clear();
  append(trace, kernel_part(trace), true);
  append(trace, capture_.stack(trace.user_stack), false);
  return frames_;
}

}  // namespace thaw
