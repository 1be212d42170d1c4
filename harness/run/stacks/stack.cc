// Names, contexts, waits. A stack is cut where something was interrupted; the function through
// which the kernel was entered there says what it was: an NMI, an interrupt, an exception.

#include "harness/run/stacks/stack.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab {

namespace {

// Functions that return only when another CPU, a timer or a thread has done its part. A function
// that the compiler has split or cloned has a suffix after a dot.
constexpr std::array<std::string_view, 25> kWaits{"resilient_queued_spin_lock_slowpath",
                                                  "resilient_tas_spin_lock",
                                                  "queued_spin_lock_slowpath",
                                                  "native_queued_spin_lock_slowpath",
                                                  "__pv_queued_spin_lock_slowpath",
                                                  "queued_read_lock_slowpath",
                                                  "queued_write_lock_slowpath",
                                                  "hrtimer_cancel",
                                                  "hrtimer_cancel_wait_running",
                                                  "timer_delete_sync",
                                                  "__timer_delete_sync",
                                                  "del_timer_sync",
                                                  "smp_call_function_many_cond",
                                                  "smp_call_function_single",
                                                  "csd_lock_wait",
                                                  "__csd_lock_wait",
                                                  "multi_cpu_stop",
                                                  "mutex_spin_on_owner",
                                                  "rwsem_spin_on_owner",
                                                  "osq_lock",
                                                  "irq_work_sync",
                                                  "synchronize_irq",
                                                  "tasklet_unlock_spin_wait",
                                                  "wait_task_inactive",
                                                  "__udelay"};

// What a wait calls while it waits, and what the fast path of a lock is inlined into.
constexpr std::array<std::string_view, 4> kLocked{"__bpf_ringbuf_reserve", "bpf_ringbuf_reserve",
                                                  "bpf_ringbuf_output", "htab_lock_bucket"};

/// A wait that is deeper than this below the leaf called something that does work of its own.
constexpr size_t kWaitDepth = 4;

std::string_view without_suffix(std::string_view function) {
  return function.substr(0, function.find('.'));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Entry code of an interrupt or exception, by the name of its function; "" for any other.
std::string_view context_of_entry(std::string_view function) {
  if (function == "asm_exc_nmi" || function == "end_repeat_nmi" || function == "first_nmi" ||
      function == "repeat_nmi" || function == "exc_nmi" || function == "nmi_restore")
    return "nmi";
  if (function.starts_with("asm_sysvec_") || function.starts_with("sysvec_") ||
      contains(function, "common_interrupt") || function == "ret_from_intr")
    return "irq";
  if (function.starts_with("asm_exc_") || function == "error_entry" || function == "error_return")
    return "exception";
  return "";
}

bool is_softirq(std::string_view function) {
  return function == "__do_softirq" || function == "handle_softirqs";
}

/// Sets the context of frames [from, to), which end at an entry or at the bottom of the stack.
void set_context(std::vector<StackFrame>& frames, size_t from, size_t to) {
  std::string context = "task";
  for (size_t i = from; i < to; i++)
    if (const auto entry = context_of_entry(frames[i].function); !entry.empty()) context = entry;
  // Only what a hard interrupt left running on its way out, or a thread called: never in an NMI.
  size_t softirq = from;
  for (size_t i = from; i < to && context != "nmi"; i++)
    if (is_softirq(frames[i].function)) softirq = i + 1;
  for (size_t i = from; i < to; i++) frames[i].context = i < softirq ? "softirq" : context;
}

StackFrame named(uint64_t address, bool is_exact, const Symbols& symbols) {
  StackFrame frame{.address = address};
  const auto place = symbols.find(is_exact ? address : address - 1);
  if (!place) return frame;
  frame.function = place->function;
  frame.offset = place->offset + (is_exact ? 0 : 1);
  frame.is_program = place->is_program;
  return frame;
}

const StackFrame* wait_of(std::span<const StackFrame> frames) {
  const StackFrame* found = nullptr;
  for (size_t i = 0; i < frames.size() && i < kWaitDepth; i++) {
    if (frames[i].is_program) break;
    if (is_wait(frames[i].function)) found = &frames[i];
  }
  return found;
}

/// Of the calls nearest to the leaf: the program itself, not a part of it that it has called.
const StackFrame* program_of(std::span<const StackFrame> frames) {
  const StackFrame* found = nullptr;
  for (const StackFrame& frame : frames) {
    if (frame.is_program) found = &frame;
    if (found && !frame.is_program) break;
  }
  return found;
}

}  // namespace

bool is_wait(std::string_view function) {
  return std::ranges::find(kWaits, without_suffix(function)) != kWaits.end();
}

std::vector<StackFrame> name_frames(std::span<const RawFrame> frames, const Symbols& symbols) {
  std::vector<StackFrame> result;
  for (const RawFrame& frame : frames) {
    StackFrame one = named(frame.address, frame.is_interrupted, symbols);
    one.sp = frame.sp;
    one.is_interrupted = frame.is_interrupted;
    one.is_guess = frame.is_guess;
    result.push_back(std::move(one));
  }
  for (size_t from = 0; from < result.size();) {
    size_t to = from + 1;
    while (to < result.size() && !result[to].is_interrupted) to++;
    set_context(result, from, to);
    from = to;
  }
  return result;
}

std::vector<StackFrame> name_addresses(std::span<const uint64_t> addresses, const Symbols& symbols,
                                       std::string_view context) {
  std::vector<StackFrame> result;
  bool is_interrupted = false;
  for (uint64_t address : addresses) {
    result.push_back(named(address, is_interrupted, symbols));
    result.back().is_interrupted = is_interrupted;
    // The frame after an entry is what was interrupted.
    is_interrupted = !context_of_entry(result.back().function).empty() &&
                     result.back().function.starts_with("asm_");
    is_interrupted |= result.back().function == "end_repeat_nmi";
  }
  for (size_t from = 0; from < result.size();) {
    size_t to = from + 1;
    while (to < result.size() && !result[to].is_interrupted) to++;
    set_context(result, from, to);
    if (from == 0 && result[0].context == "task")
      for (size_t i = 0; i < to; i++) result[i].context = context;
    from = to;
  }
  return result;
}

std::string to_text(const StackFrame& frame) {
  const char* mark = frame.is_guess ? "? " : "";
  if (frame.function.empty()) return fmt::format("{}{:#x}", mark, frame.address);
  return fmt::format("{}{}+{:#x}", mark, frame.function, frame.offset);
}

std::vector<Episode> episodes(std::span<const StackFrame> stack) {
  std::vector<Episode> result;
  for (size_t from = 0; from < stack.size();) {
    size_t to = from + 1;
    while (to < stack.size() && !stack[to].is_interrupted) to++;
    Episode episode{.context = stack[from].context, .frames = stack.subspan(from, to - from)};
    episode.program = program_of(episode.frames);
    episode.waits_in = wait_of(episode.frames);
    for (const StackFrame& frame : episode.frames)
      episode.may_hold |=
          !episode.waits_in && std::ranges::find(kLocked, frame.function) != kLocked.end();
    result.push_back(std::move(episode));
    from = to;
  }
  return result;
}

}  // namespace lab
