// The names of event kinds, emit contexts and ends of stacks: part of `info --json` and of the text
// form.

#include "profiler/store/event.h"

namespace thaw {

const char* name_of(EventKind kind) {
  switch (kind) {
    case EventKind::sample:
      return "sample";
    case EventKind::sched_switch:
      return "sched_switch";
    case EventKind::sched_waking:
      return "sched_waking";
    case EventKind::sched_wakeup:
      return "sched_wakeup";
    case EventKind::task_seen:
      return "task_seen";
    case EventKind::task_new:
      return "task_new";
    case EventKind::task_exec:
      return "task_exec";
    case EventKind::task_exit:
      return "task_exit";
    case EventKind::task_rename:
      return "task_rename";
    case EventKind::slow_emit:
      return "slow_emit";
    case EventKind::kernel_log:
      return "kernel_log";
    case EventKind::stall:
      return "stall";
  }
  return "unknown";
}

const char* name_of(EmitContext context) {
  switch (context) {
    case EmitContext::task:
      return "task";
    case EmitContext::interrupt:
      return "interrupt";
    case EmitContext::nmi:
      return "nmi";
  }
  return "unknown";
}

const char* name_of(StackEnd end) {
  switch (end) {
    case StackEnd::unknown:
      return "unknown";
    case StackEnd::complete:
      return "complete";
    case StackEnd::too_deep:
      return "too_deep";
    case StackEnd::no_unwind_info:
      return "no_unwind_info";
    case StackEnd::unmapped:
      return "unmapped";
    case StackEnd::unreadable:
      return "unreadable";
    case StackEnd::unsupported:
      return "unsupported";
    case StackEnd::copy_too_short:
      return "copy_too_short";
    case StackEnd::compat:
      return "compat";
    case StackEnd::shed:
      return "shed";
  }
  return "unknown";
}

}  // namespace thaw
