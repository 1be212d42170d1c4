// Running, ready, waiting: what each thread did at every moment, from switches and wake-ups.
//
// Goal. For each thread a row of slices without overlap, in time order, that says when it had a
// CPU, when it wanted one and got none, and when it waited for something and who ended that. Where
// the capture cannot tell, a slice says `unknown` or there is none; it never guesses.
//
// Definitions. A thread runs from the switch that brings it in to the switch that takes it out. It
// is ready from its wake-up, or from being pre-empted, until it runs. It waits from a switch-out in
// any state but running until its wake-up.
//
//     waiting ──wakeup──► ready ──switched in──► running ──switched out, state 0────► ready
//                                                   │
//                                                   └─────switched out, otherwise───► waiting
//
// Why the obvious way is wrong. Pairing each switch-out with the next switch-in and splitting the
// time between them at "the wake-up" meets these cases:
//
//  1. sched_waking and sched_wakeup. Waking is stamped where and when the waker decides; wakeup
//     when the thread is on a run queue, perhaps on another CPU, perhaps in an interrupt later.
//     The thread is ready from the second: before it nobody could have run it. The waker is the
//     first one's: the second's is whoever was interrupted. Where wakeup is missing, waking serves
//     for both.
//  2. A waking stamped before the switch-out that it answers. A thread on its way to sleep still
//     has its CPU while another CPU already wakes it and spins until it is gone. The wakeup comes
//     after the switch-out, the waking before: so a waking of a running thread is kept.
//  3. A wake-up of a thread that never left. If it arrives before the thread gives up the CPU,
//     the kernel just sets its state back, and both events pass with no switch. A wakeup of a
//     running thread therefore changes nothing and uses up the kept waking.
//  4. Pre-emption. State 0 at switch-out means: wants to go on. There will be no wake-up.
//  5. Death. A dead thread is switched out for the last time; it does not wait for ever.
//  6. The beginning. What a thread did before its first event follows from that event, unless part
//     of the file is damaged or only some threads were recorded: who is switched out had run since
//     the start, if it is its CPU's first switch; who is woken had waited; who is switched in
//     without a wake-up had been ready.
//     A thread that was there when the capture began and has no event at all waited from start to
//     end; unless there are samples of it: then it had its CPU all the time. One that kept a CPU to
//     itself while nothing was sampled shows as waiting.
//  7. Lost events. A switch whose prev is not who we think is running there, or whose next we think
//     is running elsewhere, proves a switch was lost. The time since the last known moment becomes
//     `unknown`, for exactly the threads that are proved wrong.
//  8. exec from a thread that does not lead its process: it goes on under the leader's tid.
//
// What it does not do: reasons of waits (wait_reason.h), CPU time in interrupts, frequency. It
// follows that a running slice includes interrupts and, in a guest, time in which the host ran
// something else.

#include "profiler/analysis/timeline_builder.h"

#include <algorithm>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/merge.h"

namespace thaw {
namespace {

// task_struct::state of a thread that will never run again: TASK_DEAD 0x80, with EXIT_DEAD 0x10 and
// EXIT_ZOMBIE 0x20 for safety. The same values in include/linux/sched.h from v5.10 to v7.3.
constexpr int64_t kDeadStates = 0x80 | 0x10 | 0x20;

}  // namespace

void TimelineHints::look_at(std::span<const Event> events) {
  for (const Event& event : events) {
    last_ns = std::max(last_ns, event.time_ns);
    if (event.kind == EventKind::sample) look_at(sample_of(event), event.cpu);
    if (event.kind != EventKind::sched_switch) continue;
    const auto [entry, is_new] = firsts.try_emplace(event.cpu.value);
    First& first = entry->second;
    if (is_new || event.time_ns < first.time_ns) first = {event.time_ns, event.tid};
  }
}

void TimelineHints::look_at(const Sample& sample, CpuId cpu) {
  last_ns = std::max(last_ns, sample.time_ns);
  if (sample.tid.value != 0) sampled[sample.tid.value] = {sample.pid, cpu};
}

TimelineBuilder::TimelineBuilder(const Capture& capture, const TimelineHints& hints, Sink sink)
    : capture_(capture),
      hints_(hints),
      sink_(std::move(sink)),
      is_whole_(capture.damage().chunks == 0 && capture.header().scope == "all"),
      start_ns_(recording_start_ns(capture)) {
  // Case 6: who is switched out first on a CPU was on it from the start.
  for (const auto& [cpu, first] : hints.firsts) {
    if (first.tid.value != 0) begin_before(thread(first.tid), ThreadState::running, CpuId(cpu));
    running_[cpu] = first.tid;
  }
}

TimelineBuilder::Thread& TimelineBuilder::thread(Tid tid) {
  const auto [entry, is_new] =
      numbers_.try_emplace(tid.value, static_cast<uint32_t>(known_.size()));
  if (is_new) {
    threads_.push_back({.number = entry->second});
    known_.push_back({tid, {}});
  }
  return threads_[entry->second];
}

/// Ends what the thread has done since `since_ns`, calling it `state`.
void TimelineBuilder::close(Thread& thread, ThreadState state, int64_t end_ns,
                            const Waking& waking) {
  if (thread.known != Knowledge::state) return;
  if (end_ns > thread.since_ns) {
    Slice slice{state, thread.since_ns, end_ns, thread.cpu, waking.by, {}, {}, {}, {}, {}};
    if (state == ThreadState::waiting) {
      slice.kernel_stack = thread.kernel_stack;
      slice.user_stack = thread.user_stack;
      slice.user_end = thread.user_end;
      slice.waker_kernel_stack = waking.kernel_stack;
      slice.waker_user_stack = waking.user_stack;
    }
    sink_(thread.number, slice);
    thread.sliced_ns = end_ns;
  }
  thread.since_ns = std::max(thread.since_ns, end_ns);
}

void TimelineBuilder::enter(Thread& thread, ThreadState state, int64_t at_ns, CpuId cpu) {
  thread.known = Knowledge::state;
  thread.state = state;
  thread.since_ns = std::max(at_ns, thread.sliced_ns);
  thread.cpu = cpu;
}

/// Case 6: what a thread without events must have done until now.
void TimelineBuilder::begin_before(Thread& thread, ThreadState state, CpuId cpu) {
  if (thread.known == Knowledge::nothing && is_whole_) enter(thread, state, start_ns_, cpu);
}

/// Case 6: at the end, of a thread that was seen and never heard of.
void TimelineBuilder::begin_eventless(Thread& thread) {
  if (!thread.was_there) return;
  const auto sampled = hints_.sampled.find(known_[thread.number].tid.value);
  if (sampled != hints_.sampled.end()) {
    begin_before(thread, ThreadState::running, sampled->second.cpu);
  } else {
    begin_before(thread, ThreadState::waiting, CpuId{});
  }
}

void TimelineBuilder::switch_out(const Event& event) {
  const Tid runs = running_[event.cpu.value];
  if (runs != event.tid && runs.value != 0) {
    Thread& other = thread(runs);  // case 7
    if (other.state == ThreadState::running && other.cpu == event.cpu) {
      close(other, ThreadState::unknown, event.time_ns);
      other.state = ThreadState::unknown;
    }
  }
  if (event.tid.value == 0) return;
  Thread& prev = thread(event.tid);
  set_pid(prev, event.pid);
  const bool ran_here = prev.state == ThreadState::running && prev.cpu == event.cpu;
  close(prev, ran_here ? ThreadState::running : ThreadState::unknown, event.time_ns);
  if (event.detail == 0) {
    enter(prev, ThreadState::ready, event.time_ns, event.cpu);
    prev.is_being_woken = false;
  } else if ((event.detail & kDeadStates) != 0) {
    prev.known = Knowledge::gone;
    prev.state = ThreadState::unknown;
  } else {
    enter(prev, ThreadState::waiting, event.time_ns, event.cpu);
    prev.kernel_stack = event.kernel_stack;
    prev.user_stack = event.user_stack;
    prev.user_end = event.user_end;
  }
}

void TimelineBuilder::switch_in(const Event& event) {
  running_[event.cpu.value] = event.other_tid;
  if (event.other_tid.value == 0) return;
  Thread& next = thread(event.other_tid);
  begin_before(next, ThreadState::ready, event.cpu);
  switch (next.state) {
    case ThreadState::waiting:
      if (next.is_being_woken) {  // case 1, wakeup missing
        close(next, ThreadState::waiting, std::max(next.waking_ns, next.since_ns), next.waking);
        next.cpu = event.cpu;
        close(next, ThreadState::ready, event.time_ns);
      } else {
        close(next, ThreadState::waiting, event.time_ns);
      }
      break;
    case ThreadState::ready:
      close(next, ThreadState::ready, event.time_ns);
      break;
    case ThreadState::running:  // case 7
    case ThreadState::unknown:
      close(next, ThreadState::unknown, event.time_ns);
      break;
  }
  next.is_being_woken = false;
  enter(next, ThreadState::running, event.time_ns, event.cpu);
}

void TimelineBuilder::waking(const Event& event) {
  if (event.tid.value == 0) return;
  Thread& wakee = thread(event.tid);
  set_pid(wakee, event.pid);
  begin_before(wakee, ThreadState::waiting, event.cpu);
  wakee.is_being_woken = true;
  wakee.waking_ns = event.time_ns;
  wakee.waking = {event.other_tid, event.kernel_stack, event.user_stack};
}

void TimelineBuilder::wakeup(const Event& event) {
  if (event.tid.value == 0) return;
  Thread& wakee = thread(event.tid);
  set_pid(wakee, event.pid);
  begin_before(wakee, ThreadState::waiting, event.cpu);
  const Waking waking = wakee.is_being_woken ? wakee.waking : Waking{event.other_tid, {}, {}};
  wakee.is_being_woken = false;
  if (wakee.known == Knowledge::state &&
      (wakee.state == ThreadState::running || wakee.state == ThreadState::ready)) {
    return;  // case 3
  }
  const bool waited = wakee.state == ThreadState::waiting;
  close(wakee, waited ? ThreadState::waiting : ThreadState::unknown, event.time_ns, waking);
  enter(wakee, ThreadState::ready, event.time_ns, CpuId(static_cast<uint32_t>(event.detail)));
}

/// Forgets a dead thread of the same number, and that this one could have begun before the capture.
void TimelineBuilder::born(const Event& event) {
  Thread& child = thread(event.tid);
  set_pid(child, event.pid);
  child.known = Knowledge::gone;
  child.state = ThreadState::unknown;
  child.is_being_woken = false;
}

void TimelineBuilder::executed(const Event& event) {
  set_pid(thread(event.tid), event.pid);
  if (event.other_tid == event.tid || event.other_tid.value == 0) return;
  Thread& before = thread(event.other_tid);  // case 8
  close(before, before.state, event.time_ns);
  before.known = Knowledge::gone;
  before.state = ThreadState::unknown;
  Thread& leader = thread(event.tid);
  close(leader, ThreadState::unknown, event.time_ns);
  enter(leader, ThreadState::running, event.time_ns, event.cpu);
  running_[event.cpu.value] = event.tid;
}

void TimelineBuilder::take(const Event& event) {
  last_ns_ = std::max(last_ns_, event.time_ns);
  switch (event.kind) {
    case EventKind::sched_switch:
      switch_out(event);
      return switch_in(event);
    case EventKind::sched_waking:
      return waking(event);
    case EventKind::sched_wakeup:
      return wakeup(event);
    case EventKind::task_new:
      return born(event);
    case EventKind::task_exec:
      return executed(event);
    case EventKind::task_seen:
      thread(event.tid).was_there = true;
      [[fallthrough]];
    case EventKind::task_exit:
    case EventKind::task_rename:
      if (event.tid.value != 0) set_pid(thread(event.tid), event.pid);
      return;
    default:
      return;
  }
}

/// Until when what was last seen of a thread still held.
int64_t TimelineBuilder::end_ns() const {
  int64_t end = std::max(last_ns_, hints_.last_ns);
  if (capture_.ending()) end = std::max(end, capture_.ending()->end_ns);
  return end;
}

void TimelineBuilder::finish() {
  for (const auto& [tid, seen] : hints_.sampled) {
    Thread& sampled = thread(Tid(tid));
    if (known_[sampled.number].pid.value == 0) set_pid(sampled, seen.pid);
  }
  for (size_t number = 0; number < threads_.size(); number++) {  // may grow meanwhile
    Thread& thread = threads_[number];
    begin_eventless(thread);
    close(thread, thread.state, end_ns());
  }
}

const char* name_of(ThreadState state) {
  switch (state) {
    case ThreadState::running:
      return "running";
    case ThreadState::ready:
      return "ready";
    case ThreadState::waiting:
      return "waiting";
    case ThreadState::unknown:
      return "unknown";
  }
  return "unknown";
}

/// The recorder looks at who is there right after the programs have begun; all of what it finds has
/// that moment's time.
int64_t recording_start_ns(const Capture& capture) {
  const int64_t start_ns = capture.header().start_ns;
  for (const Event& event : capture.events())
    if (event.kind == EventKind::task_seen) return std::max(start_ns, event.time_ns);
  return start_ns;
}

std::vector<ThreadTimeline> build_timeline(const Capture& capture) {
  TimelineHints hints;
  hints.look_at(capture.events());
  for (const std::vector<Sample>& chunk : capture.samples_apart())
    for (const Sample& sample : chunk) hints.look_at(sample);
  std::vector<std::vector<Slice>> slices;
  TimelineBuilder builder(capture, hints, [&](uint32_t thread, const Slice& slice) {
    if (thread >= slices.size()) slices.resize(thread + 1);
    slices[thread].push_back(slice);
  });
  EventMerge merge(capture.events());
  while (const Event* event = merge.next()) builder.take(*event);
  builder.finish();
  slices.resize(builder.threads().size());
  std::vector<ThreadTimeline> timelines;
  for (uint32_t number = 0; number < slices.size(); number++) {
    const auto& [tid, pid] = builder.threads()[number];
    if (!slices[number].empty() || pid.value != 0)
      timelines.push_back({tid, pid, std::move(slices[number])});
  }
  std::ranges::sort(timelines, {}, &ThreadTimeline::tid);
  return timelines;
}

}  // namespace thaw
