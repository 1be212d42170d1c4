#include "harness/verdict/attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {
namespace {

using testing::IsEmpty;

constexpr int64_t kMs = 1'000'000;
constexpr uint64_t kLock = 0xffff'd3ba'c0b9'2080;

const Symbols& symbols() {
  static const auto known = Symbols::parse(
      "ffffffff81000000 bpf_trace_run4\n"
      "ffffffff81000100 asm_exc_nmi\n"
      "ffffffff81000200 __bpf_ringbuf_reserve\n"
      "P ffffffffc0000000 100 on_nmi\n"
      "P ffffffffc0000100 100 on_sched_switch\n"
      "M 15 27 thaw_ring\n");
  return known;
}

StackFrame frame(std::string function, std::string context, bool is_interrupted = false) {
  return {.address = 1,
          .function = function,
          .context = std::move(context),
          .is_program = function.starts_with("on_"),
          .is_interrupted = is_interrupted};
}

/// CPU 0: an NMI that waits on what it interrupted. CPU 1: waits in a task.
Look frozen(int64_t host_ms) {
  Look look{.why = "CPU 0, 1 silent", .stopped = {host_ms * kMs, host_ms * kMs + kMs}};
  look.cpus.push_back(
      {.cpu = 0,
       .interrupts_on = false,
       .frames = {frame("resilient_queued_spin_lock_slowpath", "nmi", true),
                  frame("__bpf_ringbuf_reserve", "nmi"), frame("on_nmi", "nmi"),
                  frame("asm_exc_nmi", "nmi"), frame("__bpf_ringbuf_reserve", "task", true),
                  frame("on_sched_switch", "task"), frame("__schedule", "task")},
       .locks = {kLock}});
  look.cpus.push_back(
      {.cpu = 1,
       .interrupts_on = false,
       .frames = {frame("resilient_queued_spin_lock_slowpath", "task", true),
                  frame("__bpf_ringbuf_reserve", "task"), frame("on_sched_switch", "task")},
       .locks = {kLock}});
  look.cpus.push_back({.cpu = 2, .is_user = true});
  return look;
}

class AttributionTest : public testing::Test {
 protected:
  AttributionTest() {
    // Guest and host clocks are one.
    e_.clock = ClockMap{};
    e_.load_guest = Interval{1000 * kMs, 11'000 * kMs};
    e_.load_host = e_.load_guest;
    e_.host_gaps = {{}, {}};
    e_.host_watch = "bpf";
  }
  std::vector<Attribution> attributed() const { return attribute(e_, &emits_, symbols()); }
  void long_emit(int64_t start_ms, int64_t length_ms) {
    emits_.longs.push_back(
        {.cpu = thaw::CpuId(1),
         .context = thaw::EmitContext::nmi,
         .start_ns = start_ms * kMs,
         .length_ns = length_ms * kMs,
         .stack = {0xffff'ffff'c000'0020, 0xffff'ffff'8100'0010, 0xffff'ffff'8100'0110,
                   0xffff'ffff'8100'0220, 0xffff'ffff'c000'0120, 0xffff'ffff'8100'0010}});
  }
  Evidence e_;
  thaw::EmitSummary emits_;
};

TEST_F(AttributionTest, NamesWhoWaitsInTheNmiAndWhoHoldsBelowIt) {
  e_.looks.push_back(frozen(1500));
  const auto all = attributed();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].role, "waits");
  EXPECT_EQ(all[0].context, "nmi");
  EXPECT_EQ(all[0].program, "on_nmi");
  EXPECT_EQ(all[0].function, "resilient_queued_spin_lock_slowpath");
  EXPECT_EQ(all[0].lock, "rqspinlock 0xffffd3bac0b92080 of ring buffer 'thaw_ring' (map 15)");
  EXPECT_EQ(all[0].at_ms, 500);
  EXPECT_EQ(all[0].source, "live");
  EXPECT_EQ(all[1].role, "holds");
  EXPECT_EQ(all[1].program, "on_sched_switch");
  EXPECT_EQ(all[1].lock, all[0].lock) << "what the NMI on top of it waits for";
  EXPECT_EQ(all[2].role, "waits");
  EXPECT_EQ(all[2].cpu, 1u);
}

TEST_F(AttributionTest, OfAHangIsWhatTheLastLookSaw) {
  e_.gave_up_waiting = true;
  e_.load_guest.reset();
  e_.looks = {frozen(1500), frozen(2500)};
  e_.looks[1].cpus = {
      {.cpu = 0,
       .interrupts_on = false,
       .frames = {frame("hrtimer_try_to_cancel", "irq", true), frame("hrtimer_cancel", "irq")}},
      {.cpu = 1, .interrupts_on = false, .frames = {frame("some_loop", "irq", true)}}};
  const auto all = attributed();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].function, "hrtimer_cancel");
  EXPECT_EQ(all[0].role, "waits");
  EXPECT_EQ(all[1].function, "some_loop");
  EXPECT_EQ(all[1].role, "runs");
}

TEST_F(AttributionTest, TakesALongEmitThatNobodyLookedAt) {
  long_emit(3000, 20);
  const auto all = attributed();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].source, "slow_emit");
  EXPECT_EQ(all[0].program, "on_nmi");
  EXPECT_EQ(all[1].program, "on_sched_switch");
  EXPECT_EQ(all[1].role, "holds");
}

TEST_F(AttributionTest, DoesNotSayTwiceWhatALookSaw) {
  e_.looks.push_back(frozen(3010));
  long_emit(3000, 20);
  for (const Attribution& one : attributed()) EXPECT_EQ(one.source, "live");
}

TEST_F(AttributionTest, LeavesTheHostsDoingAlone) {
  e_.host_gaps[0] = {{3000 * kMs, 3018 * kMs}};
  long_emit(3000, 20);
  long_emit(20'000, 20);  // after the load
  EXPECT_THAT(attributed(), IsEmpty());
}

}  // namespace
}  // namespace lab::test
