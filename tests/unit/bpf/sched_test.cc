// sched.bpf.h: what a switch and a wake-up say, and the window of the kernel's own counter.

#include <cstring>

#include "tests/unit/bpf/books.h"

namespace test {
namespace {

class Sched : public Programs {
 protected:
  template <class T>
  const T& last() {
    return kernel.ring().records.back().as<T>();
  }
};

constexpr unsigned kInterruptible = 1, kNoLoad = 0x400;

TEST_F(Sched, ASwitchSaysFromWhomInWhatStateToWhom) {
  ping.__state = kInterruptible;
  kernel.switches(ping, pong);
  const auto& event = last<sched_switch_event>();
  EXPECT_EQ(event.prev_tid, 11u);
  EXPECT_EQ(event.prev_pid, 10u);
  EXPECT_EQ(event.next_tid, 22u);
  EXPECT_EQ(event.prev_state, kInterruptible);
}

TEST_F(Sched, APreemptedThreadStillWantsToRun) {
  ping.__state = kInterruptible;
  kernel.switches(ping, pong, /*preempts=*/true);
  EXPECT_EQ(last<sched_switch_event>().prev_state, 0u);
}

/// The old field is where the new kernel has something else: read by its own name.
TEST_F(Sched, ReadsTheStateOfKernelsBefore514) {
  kernel.missing_fields = {"task->__state", "struct sched_entity, cfs_rq"};
  ping.__state = kInterruptible;
  const long state = kNoLoad | 2;
  std::memcpy(static_cast<void*>(&ping), &state, sizeof state);
  kernel.switches(ping, pong);
  EXPECT_EQ(last<sched_switch_event>().prev_state, kNoLoad | 2);
}

TEST_F(Sched, AWakeUpSaysWhoWokeWhomAndWhere) {
  kernel.current = thread(33, "waker", 30);
  ping = thread(12, "ping", 10);
  ping.wake_cpu = 1;
  const std::pair<void (FakeKernel::*)(const task_struct&), event_kind> cases[] = {
      {&FakeKernel::waking, EVENT_SCHED_WAKING},
      {&FakeKernel::wakes, EVENT_SCHED_WAKEUP},
      {&FakeKernel::wakes_first, EVENT_SCHED_WAKEUP}};
  for (const auto& [happens, kind] : cases) {
    (kernel.*happens)(ping);
    const auto& event = last<sched_wake_event>();
    EXPECT_EQ(event.header.kind, kind);
    EXPECT_EQ(event.tid, 12u);
    EXPECT_EQ(event.pid, 10u);
    EXPECT_EQ(event.waker_tid, 33u);
    EXPECT_EQ(event.target_cpu, 1u);
  }
}

TEST_F(Sched, SwitchesToOrFromATargetAreRecorded) {
  only_targets = true;
  kernel.targets = {10};
  auto other = thread(44);
  kernel.switches(ping, pong);
  kernel.switches(pong, ping);
  kernel.switches(pong, other);
  EXPECT_EQ(kernel.recorded(EVENT_SCHED_SWITCH), 2u);
  EXPECT_EQ(kernel.happened(), 2u) << "what is not asked for has not happened";
}

TEST_F(Sched, WakeUpsOfTargetsAreRecordedWhoeverWakes) {
  only_targets = true;
  kernel.targets = {10};
  kernel.waking(ping);
  kernel.waking(pong);
  kernel.wakes(ping);
  kernel.wakes(pong);
  EXPECT_EQ(kernel.records().size(), 2u);
}

class Window : public Programs,
               public testing::WithParamInterface<void (*)(FakeKernel&, task_struct&)> {
 protected:
  void switch_once() { GetParam()(kernel, ping); }
  uint64_t counted() { return kernel.state().switches_after - kernel.state().switches_before; }
};

void by_task(FakeKernel& kernel, task_struct& from) {
  kernel.switches(from, kernel.current);
}
void by_name(FakeKernel& kernel, task_struct& from) {
  kernel.switches_by_name(from, kernel.current);
}
INSTANTIATE_TEST_SUITE_P(BothCounters, Window, testing::Values(by_task, by_name),
                         [](const auto& info) { return info.index == 0 ? "ByTask" : "ByName"; });

TEST_P(Window, CoversExactlyTheRecordedSwitches) {
  kernel.run_queues[0].nr_switches = 1'000;
  phase = PHASE_IDLE;
  switch_once();
  EXPECT_EQ(kernel.state().window, uint32_t{WINDOW_CLOSED});
  phase = PHASE_RECORDING;
  for (int round = 0; round < 5; round++) switch_once();
  EXPECT_EQ(kernel.state().window, uint32_t{WINDOW_OPEN});
  EXPECT_EQ(kernel.state().switches_before, 1'001u);
  phase = PHASE_STOPPING;
  switch_once();
  EXPECT_EQ(kernel.state().window, uint32_t{WINDOW_ENDED});
  EXPECT_EQ(counted(), kernel.recorded(EVENT_SCHED_SWITCH));
}

TEST_P(Window, EndsAtTheFirstSwitchAfterTheStopAndStaysEnded) {
  switch_once();
  phase = PHASE_STOPPING;
  for (int round = 0; round < 3; round++) switch_once();
  EXPECT_EQ(counted(), 1u);
  phase = PHASE_IDLE;
  switch_once();
  EXPECT_EQ(counted(), 1u);
}

TEST_P(Window, CountsLostSwitchesToo) {
  kernel.ring().refuses_lock = true;
  for (int round = 0; round < 4; round++) switch_once();
  phase = PHASE_STOPPING;
  switch_once();
  EXPECT_EQ(counted(), 4u);
  EXPECT_EQ(kernel.lost(LOSS_lock_denied), 4u);
}

TEST_P(Window, StaysClosedOnACpuThatNeverSwitchedWhileRecording) {
  kernel.cpu = 1;
  phase = PHASE_STOPPING;
  switch_once();
  EXPECT_EQ(kernel.state().window, uint32_t{WINDOW_CLOSED});
}

TEST_P(Window, StaysOpenWithoutASwitchAfterTheStop) {
  switch_once();
  phase = PHASE_IDLE;
  switch_once();
  EXPECT_EQ(kernel.state().window, uint32_t{WINDOW_OPEN});
}

TEST_F(Sched, KernelsWhoseTasksDoNotKnowTheirQueueHaveNoWindow) {
  for (const char* field : {"struct sched_entity, cfs_rq", "struct cfs_rq, rq"}) {
    FakeKernel kernel;
    kernel.missing_fields = {field};
    kernel.switches(ping, pong);
    phase = PHASE_STOPPING;
    kernel.switches(ping, pong);
    EXPECT_EQ(kernel.state().window, uint32_t{WINDOW_CLOSED}) << field;
    EXPECT_EQ(kernel.recorded(EVENT_SCHED_SWITCH), 1u);
  }
}

}  // namespace
}  // namespace test
