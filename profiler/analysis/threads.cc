// Names of threads. A thread has many names in its life (its parent's until exec, then what it
// calls itself); reports show the last.

#include "profiler/analysis/threads.h"

#include <algorithm>
#include <vector>

namespace thaw {
namespace {

bool names_a_thread(const Event& event) {
  switch (event.kind) {
    case EventKind::task_seen:
    case EventKind::task_new:
    case EventKind::task_exec:
    case EventKind::task_rename:
      return event.name.value != 0;
    default:
      return false;
  }
}

}  // namespace

std::unordered_map<Tid, ThreadName> thread_names(const Capture& capture) {
  std::vector<const Event*> namings;
  for (const Event& event : capture.events())
    if (names_a_thread(event)) namings.push_back(&event);
  // A thread's events come from several CPUs: file order is not time order.
  std::ranges::stable_sort(namings, {}, &Event::time_ns);
  std::unordered_map<Tid, ThreadName> names;
  for (const Event* event : namings) {
    // A name whose chunk was damaged reads as "": an older one says more.
    const std::string_view name = capture.text(event->name);
    if (!name.empty()) names[event->tid] = {event->pid, std::string(name)};
  }
  return names;
}

RecordedProcesses::RecordedProcesses(const Capture& capture)
    : is_all_(capture.header().scope == "all") {
  if (is_all_) return;
  for (const Event& event : capture.events())
    if (event.kind != EventKind::sched_switch) pids_.insert(event.pid);
  capture.each_sample([this](const Sample& sample) { pids_.insert(sample.pid); });
}

}  // namespace thaw
