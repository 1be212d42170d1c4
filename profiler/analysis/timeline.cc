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

#include "profiler/analysis/timeline.h"

#include <algorithm>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/merge.h"

namespace thaw {
namespace {

// task_struct::state of a thread that will never run again: TASK_DEAD 0x80, with EXIT_DEAD 0x10 and
// EXIT_ZOMBIE 0x20 for safety. The same values in include/linux/sched.h from v5.10 to v7.3.
constexpr int64_t kDeadStates = 0x80 | 0x10 | 0x20;

enum class Known {
  nothing,  ///< no event of it yet
  state,    ///< Thread::state is what it does since Thread::since_ns
  gone,     ///< dead, or carried on under another tid
};

struct Thread {
  Pid pid;
  Known known = Known::nothing;
  ThreadState state = ThreadState::unknown;
  int64_t since_ns = 0;
  CpuId cpu;
  bool was_there = false;  ///< when the capture began
  bool was_sampled = false;
  // The last waking that no wakeup has answered; see cases 1 and 2.
  bool is_being_woken = false;
  int64_t waking_ns = 0;
  Tid waker;
  // Where it blocked; of a waiting thread.
  StackId kernel_stack;
  StackId user_stack;
  std::vector<Slice> slices;
};

class Builder {
 public:
  explicit Builder(const Capture& capture)
      : capture_(capture),
        is_whole_(capture.damage().chunks == 0 && capture.header().scope == "all"),
        start_ns_(recording_start_ns(capture)) {}

  std::vector<ThreadTimeline> build();

 private:
  Thread& thread(Tid tid) { return threads_[tid.value]; }
  void take(const Event& event);
  void switched(const Event& event);
  void switch_out(const Event& event);
  void switch_in(const Event& event);
  void waking(const Event& event);
  void wakeup(const Event& event);
  void born(const Event& event);
  void executed(const Event& event);
  void enter(Thread& thread, ThreadState state, int64_t at_ns, CpuId cpu);
  void close(Thread& thread, ThreadState state, int64_t end_ns, Tid waker = {});
  void begin_before(Thread& thread, ThreadState state, CpuId cpu);
  void begin_running();
  void begin_eventless(Thread& thread);
  void take_samples();
  int64_t end_ns() const;

  const Capture& capture_;
  const bool is_whole_;  ///< case 6 may be applied
  const int64_t start_ns_;
  int64_t last_ns_ = 0;
  boost::unordered_flat_map<int32_t, Thread> threads_;
  boost::unordered_flat_map<uint32_t, Tid> running_;  ///< by CPU
};

/// Ends what the thread has done since `since_ns`, calling it `state`.
void Builder::close(Thread& thread, ThreadState state, int64_t end_ns, Tid waker) {
  if (thread.known != Known::state) return;
  if (end_ns > thread.since_ns) {
    thread.slices.push_back({state, thread.since_ns, end_ns, thread.cpu, waker, {}, {}});
    if (state == ThreadState::waiting) {
      thread.slices.back().kernel_stack = thread.kernel_stack;
      thread.slices.back().user_stack = thread.user_stack;
    }
  }
  thread.since_ns = std::max(thread.since_ns, end_ns);
}

void Builder::enter(Thread& thread, ThreadState state, int64_t at_ns, CpuId cpu) {
  thread.known = Known::state;
  thread.state = state;
  thread.since_ns = std::max(at_ns, thread.slices.empty() ? at_ns : thread.slices.back().end_ns);
  thread.cpu = cpu;
}

/// Case 6: what a thread without events must have done until now.
void Builder::begin_before(Thread& thread, ThreadState state, CpuId cpu) {
  if (thread.known == Known::nothing && is_whole_) enter(thread, state, start_ns_, cpu);
}

/// Case 6: who is switched out first on a CPU was on it from the start.
void Builder::begin_running() {
  boost::unordered_flat_map<uint32_t, const Event*> firsts;
  for (const Event& event : capture_.events()) {
    if (event.kind != EventKind::sched_switch) continue;
    const Event*& first = firsts[event.cpu.value];
    if (first == nullptr || event.time_ns < first->time_ns) first = &event;
  }
  for (const auto& [cpu, first] : firsts) {
    if (first->tid.value != 0) begin_before(thread(first->tid), ThreadState::running, first->cpu);
    running_[cpu] = first->tid;
  }
}

/// Case 6: at the end, of a thread that was seen and never heard of.
void Builder::begin_eventless(Thread& thread) {
  if (thread.was_there)
    begin_before(thread, thread.was_sampled ? ThreadState::running : ThreadState::waiting, CpuId{});
}

void Builder::switch_out(const Event& event) {
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
  prev.pid = event.pid;
  const bool ran_here = prev.state == ThreadState::running && prev.cpu == event.cpu;
  close(prev, ran_here ? ThreadState::running : ThreadState::unknown, event.time_ns);
  if (event.detail == 0) {
    enter(prev, ThreadState::ready, event.time_ns, event.cpu);
    prev.is_being_woken = false;
  } else if ((event.detail & kDeadStates) != 0) {
    prev.known = Known::gone;
    prev.state = ThreadState::unknown;
  } else {
    enter(prev, ThreadState::waiting, event.time_ns, event.cpu);
    prev.kernel_stack = event.kernel_stack;
    prev.user_stack = event.user_stack;
  }
}

void Builder::switch_in(const Event& event) {
  running_[event.cpu.value] = event.other_tid;
  if (event.other_tid.value == 0) return;
  Thread& next = thread(event.other_tid);
  begin_before(next, ThreadState::ready, event.cpu);
  switch (next.state) {
    case ThreadState::waiting:
      if (next.is_being_woken) {  // case 1, wakeup missing
        close(next, ThreadState::waiting, std::max(next.waking_ns, next.since_ns), next.waker);
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

void Builder::switched(const Event& event) {
  switch_out(event);
  switch_in(event);
}

void Builder::waking(const Event& event) {
  if (event.tid.value == 0) return;
  Thread& wakee = thread(event.tid);
  wakee.pid = event.pid;
  begin_before(wakee, ThreadState::waiting, event.cpu);
  wakee.is_being_woken = true;
  wakee.waking_ns = event.time_ns;
  wakee.waker = event.other_tid;
}

void Builder::wakeup(const Event& event) {
  if (event.tid.value == 0) return;
  Thread& wakee = thread(event.tid);
  wakee.pid = event.pid;
  begin_before(wakee, ThreadState::waiting, event.cpu);
  const Tid waker = wakee.is_being_woken ? wakee.waker : event.other_tid;
  wakee.is_being_woken = false;
  if (wakee.known == Known::state &&
      (wakee.state == ThreadState::running || wakee.state == ThreadState::ready)) {
    return;  // case 3
  }
  const bool waited = wakee.state == ThreadState::waiting;
  close(wakee, waited ? ThreadState::waiting : ThreadState::unknown, event.time_ns, waker);
  enter(wakee, ThreadState::ready, event.time_ns, CpuId(static_cast<uint32_t>(event.detail)));
}

/// Forgets a dead thread of the same number, and that this one could have begun before the capture.
void Builder::born(const Event& event) {
  Thread& child = thread(event.tid);
  child.pid = event.pid;
  child.known = Known::gone;
  child.state = ThreadState::unknown;
  child.is_being_woken = false;
}

void Builder::executed(const Event& event) {
  thread(event.tid).pid = event.pid;
  if (event.other_tid == event.tid || event.other_tid.value == 0) return;
  Thread& before = thread(event.other_tid);  // case 8
  close(before, before.state, event.time_ns);
  before.known = Known::gone;
  before.state = ThreadState::unknown;
  Thread& leader = thread(event.tid);
  close(leader, ThreadState::unknown, event.time_ns);
  enter(leader, ThreadState::running, event.time_ns, event.cpu);
  running_[event.cpu.value] = event.tid;
}

void Builder::take(const Event& event) {
  last_ns_ = std::max(last_ns_, event.time_ns);
  switch (event.kind) {
    case EventKind::sched_switch:
      return switched(event);
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
      if (event.tid.value != 0) thread(event.tid).pid = event.pid;
      return;
    default:
      return;
  }
}

/// Of these only who ran counts.
void Builder::take_samples() {
  Tid last;
  capture_.each_sample([&](const Sample& sample) {
    last_ns_ = std::max(last_ns_, sample.time_ns);
    if (sample.tid != last && sample.tid.value != 0) {
      Thread& sampled = thread(sample.tid);
      sampled.pid = sample.pid;
      sampled.was_sampled = true;
    }
    last = sample.tid;
  });
}

/// Until when what was last seen of a thread still held.
int64_t Builder::end_ns() const {
  int64_t end = last_ns_;
  if (capture_.ending()) end = std::max(end, capture_.ending()->end_ns);
  return end;
}

std::vector<ThreadTimeline> Builder::build() {
  begin_running();
  take_samples();
  EventMerge merge(capture_.events());
  while (const Event* event = merge.next()) take(*event);
  std::vector<ThreadTimeline> timelines;
  for (auto& [tid, thread] : threads_) {
    begin_eventless(thread);
    close(thread, thread.state, end_ns());
    if (!thread.slices.empty() || thread.pid.value != 0)
      timelines.push_back({Tid(tid), thread.pid, std::move(thread.slices)});
  }
  std::ranges::sort(timelines, {}, &ThreadTimeline::tid);
  return timelines;
}

}  // namespace

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
  return Builder(capture).build();
}

}  // namespace thaw
