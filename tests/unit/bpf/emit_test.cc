// emit.bpf.h: counting, the guard of a level, losses by their cause, slow emits.

#include "tests/unit/bpf/books.h"

namespace test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Emit = Programs;

constexpr uint64_t kSwitchBytes = sizeof(sched_switch_event);
constexpr uint64_t kInRing = kSwitchBytes + BPF_RINGBUF_HDR_SZ;

TEST_F(Emit, CountsAndRecordsWithWhenAndWhere) {
  kernel.cpu = 1;
  kernel.switches(ping, pong);
  ASSERT_EQ(kernel.ring().records.size(), 1u);
  const event_header& header = kernel.ring().records[0].header();
  EXPECT_EQ(header.kind, EVENT_SCHED_SWITCH);
  EXPECT_EQ(header.level, LEVEL_SCHED);
  EXPECT_EQ(header.cpu, 1u);
  EXPECT_EQ(header.time_ns, kernel.now_ns);
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).happened[EVENT_SCHED_SWITCH], 1u);
}

TEST_F(Emit, IsSilentUnlessRecording) {
  for (const auto off : {PHASE_IDLE, PHASE_STOPPING}) {
    phase = off;
    kernel.switches(ping, pong);
    kernel.waking(ping);
    kernel.wakes(ping);
    kernel.forks(ping, pong);
    kernel.exits(ping);
    kernel.perf_event();
    kernel.nmi();
  }
  EXPECT_EQ(kernel.happened(), 0u);
  EXPECT_THAT(kernel.records(), IsEmpty());
}

TEST_F(Emit, GivesNmiARingOfItsOwn) {
  kernel.nmi();
  EXPECT_EQ(kernel.ring(true).records.size(), 1u);
  EXPECT_THAT(kernel.ring(false).records, IsEmpty());
  kernel.switches(ping, pong);
  kernel.perf_event();
  kernel.exits(ping);
  EXPECT_EQ(kernel.ring(true).records.size(), 1u);
  EXPECT_EQ(kernel.ring(false).records.size(), 3u);
}

TEST_F(Emit, WakesNobody) {
  kernel.switches(ping, pong);
  kernel.nmi();
  EXPECT_EQ(kernel.ring(false).last_flags, uint64_t{BPF_RB_NO_WAKEUP});
  EXPECT_EQ(kernel.ring(true).last_flags, uint64_t{BPF_RB_NO_WAKEUP});
}

TEST_F(Emit, AnNmiThatMeetsAnNmiStepsBack) {
  kernel.during_output = [this] { kernel.nmi(); };
  kernel.nmi();
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 1u);
  EXPECT_EQ(kernel.counters(LEVEL_NMI).happened[EVENT_SAMPLE], 2u);
  EXPECT_EQ(kernel.counters(LEVEL_NMI).losses[LOSS_recursion], 1u);
}

TEST_F(Emit, ATimerThatMeetsATimerStepsBack) {
  kernel.during_output = [this] { kernel.perf_event(); };
  kernel.perf_event();
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 1u);
  EXPECT_EQ(kernel.counters(LEVEL_TIMER).losses[LOSS_recursion], 1u);
}

TEST_F(Emit, AnNmiInAnotherProgramIsRecorded) {
  kernel.during_output = [this] { kernel.nmi(); };
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 1u);
  EXPECT_EQ(kernel.recorded(EVENT_SCHED_SWITCH), 1u);
  EXPECT_EQ(kernel.lost(), 0u);
}

TEST_F(Emit, AWakeUpInAWakeUpGoesToTheNestedLevel) {
  kernel.during_output = [this] { kernel.wakes(pong); };
  kernel.waking(ping);
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).happened[EVENT_SCHED_WAKING], 1u);
  EXPECT_EQ(kernel.counters(LEVEL_NESTED).happened[EVENT_SCHED_WAKEUP], 1u);
  ASSERT_EQ(kernel.ring().records.size(), 2u);
  EXPECT_EQ(kernel.ring().records[0].header().level, LEVEL_NESTED);
  EXPECT_EQ(kernel.ring().records[1].header().level, LEVEL_SCHED);
  EXPECT_EQ(kernel.lost(), 0u);
}

TEST_F(Emit, AThirdWakeUpInsideTwoStepsBack) {
  kernel.during_output = [this] {
    kernel.during_output = [this] { kernel.waking(ping); };
    kernel.wakes(pong);
  };
  kernel.waking(ping);
  EXPECT_EQ(kernel.records().size(), 2u);
  EXPECT_EQ(kernel.counters(LEVEL_NESTED).happened[EVENT_SCHED_WAKING], 1u);
  EXPECT_EQ(kernel.counters(LEVEL_NESTED).losses[LOSS_recursion], 1u);
}

TEST_F(Emit, ALevelIsFreeAgainAfterARefusal) {
  kernel.during_output = [this] { kernel.nmi(); };
  kernel.nmi();
  kernel.nmi();
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 2u);
}

TEST_F(Emit, WithoutTheGuardNobodyStepsBack) {
  guarded = false;
  kernel.during_output = [this] { kernel.nmi(); };
  kernel.nmi();
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 2u);
  EXPECT_EQ(kernel.lost(LOSS_recursion), 0u);
}

TEST_F(Emit, AFullRingIsRingFull) {
  kernel.ring().size_bytes = 4096;
  for (int round = 0; round < 200; round++) kernel.switches(ping, pong);
  // 102 records of 40 bytes in 4096: the last byte is never used.
  EXPECT_EQ(kernel.ring().records.size(), 102u);
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).losses[LOSS_ring_full], 98u);
  EXPECT_EQ(kernel.lost(LOSS_lock_denied), 0u);
}

TEST_F(Emit, ARefusalWithRoomIsLockDenied) {
  kernel.ring().refuses_lock = true;
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).losses[LOSS_lock_denied], 1u);
  EXPECT_EQ(kernel.lost(LOSS_ring_full), 0u);
}

/// The edge between the two: with room for exactly one record the lock is to blame, with 8 bytes
/// less the ring is.
TEST_F(Emit, TellsAFullRingFromALockToTheByte) {
  FakeRing& ring = kernel.ring();
  ring.refuses_lock = true;
  ring.size_bytes = 4096;
  ring.used_bytes = 4096 - kInRing - 8;
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.lost(LOSS_lock_denied), 1u);
  ring.used_bytes = 4096 - kInRing;
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.lost(LOSS_ring_full), 1u);
  EXPECT_EQ(kernel.lost(LOSS_lock_denied), 1u);
}

TEST_F(Emit, ACpuWithoutARingIsNoCpuSlot) {
  kernel.cpu = 1;
  kernel.rings[2].reset();
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).losses[LOSS_no_cpu_slot], 1u);
  kernel.nmi();
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 1u) << "its other ring is there";
}

TEST_F(Emit, UsesThePerfBufferWhenTold) {
  use_perf_buffer = true;
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.perf_records.size(), 1u);
  kernel.perf_buffer_full = true;
  kernel.switches(ping, pong);
  kernel.nmi();
  EXPECT_EQ(kernel.lost(LOSS_ring_full), 2u);
  EXPECT_THAT(kernel.ring().records, IsEmpty());
}

TEST_F(Emit, SortsDurationsByTheirLogarithm) {
  const std::pair<uint64_t, int> cases[] = {
      {0, 0},           {1, 0},           {2, 1},           {3, 1},
      {4, 2},           {255, 7},         {256, 8},         {1023, 9},
      {1024, 10},       {65535, 15},      {65536, 16},      {1 << 20, 20},
      {1ull << 32, 32}, {1ull << 39, 39}, {1ull << 40, 39}, {1ull << 62, 39}};
  for (const auto& [took_ns, bucket] : cases) {
    FakeKernel kernel;
    kernel.output_takes_ns = took_ns;
    kernel.switches(ping, pong);
    EXPECT_EQ(kernel.counters(LEVEL_SCHED).buckets[bucket], 1u) << took_ns;
    EXPECT_EQ(kernel.counters(LEVEL_SCHED).max_ns, took_ns);
  }
}

TEST_F(Emit, KeepsTheLongestDuration) {
  for (const uint64_t took_ns : {100, 900, 300}) {
    kernel.output_takes_ns = took_ns;
    kernel.switches(ping, pong);
  }
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).max_ns, 900u);
}

TEST_F(Emit, AnEmitThatWaitedIsARecordOfItsOwn) {
  const uint64_t began_ns = kernel.now_ns;
  kernel.current = thread(33, "waiter", 30);
  kernel.output_takes_ns = THAW_SLOW_EMIT_NS;
  kernel.switches(ping, pong);
  const slow_log& log = kernel.slow_log(LEVEL_SCHED);
  ASSERT_EQ(log.written, 1u);
  const slow_emit_event& slow = log.entries[0].event;
  EXPECT_EQ(slow.header.kind, EVENT_SLOW_EMIT);
  EXPECT_EQ(slow.header.level, LEVEL_SCHED);
  EXPECT_EQ(slow.header.time_ns, began_ns);
  EXPECT_EQ(slow.duration_ns, uint64_t{THAW_SLOW_EMIT_NS});
  EXPECT_EQ(slow.tid, 33u);
  EXPECT_EQ(slow.slow_kind, EVENT_SCHED_SWITCH);
  EXPECT_EQ(slow.kernel_frames, 2u);
  EXPECT_THAT(kernel.records().back().frames(sizeof slow), ElementsAre(0xffff0001, 0xffff0002));
  EXPECT_EQ(kernel.recorded(EVENT_SCHED_SWITCH), 1u) << "what was slow is recorded all the same";
}

TEST_F(Emit, AnEmitJustBelowAMillisecondIsNotSlow) {
  kernel.output_takes_ns = THAW_SLOW_EMIT_NS - 1;
  kernel.switches(ping, pong);
  EXPECT_EQ(kernel.happened(EVENT_SLOW_EMIT), 0u);
}

TEST_F(Emit, ARefusedEmitCanBeSlowToo) {
  kernel.output_takes_ns = 250'000'000;
  kernel.ring(true).refuses_lock = true;
  kernel.nmi();
  EXPECT_EQ(kernel.lost(LOSS_lock_denied), 1u);
  ASSERT_EQ(kernel.slow_log(LEVEL_NMI).written, 1u);
  EXPECT_EQ(kernel.slow_log(LEVEL_NMI).entries[0].event.slow_kind, EVENT_SAMPLE);
  EXPECT_EQ(kernel.slow_log(LEVEL_NMI).entries[0].event.duration_ns, 250'000'000u);
}

TEST_F(Emit, ASlowEmitWithoutAStackIsStillRecorded) {
  kernel.output_takes_ns = THAW_SLOW_EMIT_NS;
  kernel.kernel_walk_error = -EFAULT;
  kernel.switches(ping, pong);
  ASSERT_EQ(kernel.slow_log(LEVEL_SCHED).written, 1u);
  EXPECT_EQ(kernel.slow_log(LEVEL_SCHED).entries[0].event.kernel_frames, 0u);
  EXPECT_EQ(kernel.lost(LOSS_stack_failed), 1u);
}

TEST_F(Emit, AFullSlowLogCountsWhatItCannotTake) {
  kernel.output_takes_ns = THAW_SLOW_EMIT_NS;
  for (int round = 0; round < THAW_SLOW_ENTRIES + 3; round++) kernel.switches(ping, pong);
  EXPECT_EQ(kernel.slow_log(LEVEL_SCHED).written, uint64_t{THAW_SLOW_ENTRIES});
  EXPECT_EQ(kernel.counters(LEVEL_SCHED).losses[LOSS_slow_log_full], 3u);
}

TEST_F(Emit, ASlowLogThatWasReadHasRoomAgain) {
  kernel.output_takes_ns = THAW_SLOW_EMIT_NS;
  for (int round = 0; round < THAW_SLOW_ENTRIES; round++) kernel.switches(ping, pong);
  kernel.takes_slow_emits(LEVEL_SCHED);
  const uint64_t began_ns = kernel.now_ns;
  kernel.switches(ping, pong);
  const slow_log& log = kernel.slow_log(LEVEL_SCHED);
  EXPECT_EQ(log.written, uint64_t{THAW_SLOW_ENTRIES + 1});
  EXPECT_EQ(log.entries[0].event.header.time_ns, began_ns) << "in the place of the first";
  EXPECT_EQ(kernel.lost(LOSS_slow_log_full), 0u);
}

}  // namespace
}  // namespace test
