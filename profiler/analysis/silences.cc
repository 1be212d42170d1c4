// What a freeze looks like from inside a capture when nobody measured it: a thread is on a CPU, it
// is to be sampled a thousand times a second, and for a long time there is nothing, no sample and
// no switch. In the timeline that thread looks busy; when all CPUs are silent at once all threads
// do.
//
// Why the obvious way is wrong.
//  - A CPU without a thread is not sampled and owes nothing: only what the switches say counts,
//  from
//    who is brought in to who is taken out.
//  - In a capture of some processes the others owe nothing either: there only threads count that
//    were sampled at some time.
//  - What a damaged file has lost leaves a hole that looks the same. A damaged capture has none.
//  - Samples come late. A host that gives a vCPU to somebody else for a while takes tens of periods
//    from it, a kernel that holds interrupts off some. So it takes kSilentPeriods, and kSilentNs,
//    without a sign of life. Shorter freezes are found by the emits, which measure themselves.
//
// What it cannot tell apart: a kernel that stands still, interrupts that are held off, a host that
// runs something else. It says where the CPU was when it came back.

#include "profiler/analysis/silences.h"

#include <algorithm>

#include "profiler/analysis/merge.h"

namespace thaw {

namespace {

// A busy host was seen to take 26 ms at a time from a vCPU, the freezes that this is for last 134
// ms and more. The periods are for clocks slower than the 997 Hz of the default.
constexpr int64_t kSilentNs = 50'000'000;
constexpr int64_t kSilentPeriods = 50;

/// A sign of life of the CPU, in the order in which it gave them; the others are records of
/// something else that has its own time.
bool is_sign(const Event& event) {
  switch (event.kind) {
    case EventKind::sample:
    case EventKind::sched_switch:
    case EventKind::sched_waking:
    case EventKind::sched_wakeup:
    case EventKind::task_new:
    case EventKind::task_exec:
    case EventKind::task_exit:
    case EventKind::task_rename:
      return true;
    default:
      return false;
  }
}

}  // namespace

SilenceFinder::SilenceFinder(const Capture& capture) : capture_(capture) {
  const uint32_t hz = capture.header().sample_hz;
  if (hz != 0 && capture.damage().chunks == 0)
    threshold_ns_ = std::max(kSilentNs, kSilentPeriods * 1'000'000'000 / hz);
  is_all_ = capture.header().scope == "all";
}

void SilenceFinder::add(const Silence& silence) {
  if (silence.tid.value == 0 || silence.end_ns - silence.start_ns < threshold_ns_) return;
  if (is_all_ || sampled_.contains(silence.tid.value)) silences_.push_back(silence);
}

void SilenceFinder::take(const Event& event) {
  if (!is_sign(event)) return;
  const auto [entry, is_new] = cpus_.try_emplace(event.cpu.value);
  Cpu& cpu = entry->second;
  const bool says_who = event.kind == EventKind::sched_switch || event.kind == EventKind::sample;
  if (says_who) cpu.runs = event.tid;  // also where a switch was lost
  if (!is_new) add({event.cpu, cpu.last_ns, event.time_ns, cpu.runs, event.kernel_stack});
  if (event.kind == EventKind::sched_switch) cpu.runs = event.other_tid;
  cpu.last_ns = event.time_ns;
}

std::vector<Silence> SilenceFinder::finish() {
  if (capture_.ending())
    for (const auto& [cpu, state] : cpus_)
      add({CpuId(cpu), state.last_ns, capture_.ending()->end_ns, state.runs, {}});
  if (threshold_ns_ == 0 || sampled_.empty()) return {};
  std::ranges::stable_sort(silences_, {}, &Silence::start_ns);
  return std::move(silences_);
}

std::vector<Silence> find_silences(const Capture& capture) {
  SilenceFinder finder(capture);
  bool has_samples = false;
  capture.each_sample([&](const Sample& sample) {
    finder.saw_sample_of(sample.tid);
    has_samples = true;
  });
  if (!has_samples) return {};
  EventMerge merge(capture.events());
  while (const Event* event = merge.next()) finder.take(*event);
  return finder.finish();
}

}  // namespace thaw
