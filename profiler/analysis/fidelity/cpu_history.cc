// Runs come from switches alone and from nothing that the timeline has made of them: measures that
// ask whether events agree must not ask who has already made them agree.

#include "profiler/analysis/fidelity/cpu_history.h"

#include <algorithm>
#include <map>

namespace thaw {

namespace {

void add_switch(CpuHistory& history, const Event& event, int64_t start_ns) {
  if (history.runs.empty()) history.runs.push_back({event.tid, start_ns, start_ns, true});
  Run& last = history.runs.back();
  last.end_ns = std::max(event.time_ns, last.start_ns);
  last.is_sure = last.tid == event.tid;
  history.runs.push_back({event.other_tid, last.end_ns, last.end_ns, true});
}

/// No switch has ended the last run: a sample in it must say that it is so.
void end_last(CpuHistory& history, int64_t end_ns) {
  if (history.runs.empty()) return;
  Run& last = history.runs.back();
  last.end_ns = std::max(end_ns, last.start_ns);
  last.is_sure = std::ranges::any_of(history.samples, [&](const Event* sample) {
    return sample->time_ns > last.start_ns && sample->tid == last.tid;
  });
}

}  // namespace

const Run* CpuHistory::run_at(int64_t time_ns) const {
  const auto next = std::ranges::upper_bound(runs, time_ns, {}, &Run::start_ns);
  if (next == runs.begin()) return nullptr;
  const Run& run = *std::prev(next);
  return run.start_ns < time_ns && time_ns < run.end_ns ? &run : nullptr;
}

std::vector<CpuHistory> cpu_histories(std::span<const Event* const> events, int64_t start_ns,
                                      int64_t end_ns) {
  std::map<CpuId, CpuHistory> histories;
  for (const Event* event : events) {
    CpuHistory& history = histories[event->cpu];
    history.cpu = event->cpu;
    if (event->kind == EventKind::sched_switch) add_switch(history, *event, start_ns);
    if (event->kind == EventKind::sample) history.samples.push_back(event);
    if (event->kind == EventKind::sched_waking) history.wakings.push_back(event);
  }
  std::vector<CpuHistory> result;
  for (auto& [cpu, history] : histories) {
    end_last(history, end_ns);
    result.push_back(std::move(history));
  }
  return result;
}

}  // namespace thaw
