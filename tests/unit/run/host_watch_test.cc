// The two pure halves of the host watch: the state machine that runs in the kernel, compiled here,
// and the step from waits to gaps.

#include <gtest/gtest.h>

#include "harness/run/bpf/wait.bpf.h"
#include "harness/run/host_gaps.h"

namespace test {
namespace {

using lab::gaps_of;
using lab::HostWait;
using lab::Interval;
using thaw::Tid;

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kUs = 1'000;

HostWait wait(int tid, int64_t start_ns, int64_t end_ns) {
  return {Tid(tid), {start_ns, end_ns}};
}

std::vector<std::pair<int64_t, int64_t>> of_one(std::vector<HostWait> waits,
                                                Interval window = {0, 1000 * kMs}) {
  const Tid tids[] = {Tid(7)};
  std::vector<std::pair<int64_t, int64_t>> pairs;
  const auto gaps = gaps_of(waits, tids, window);
  for (const Interval& gap : gaps.at(0)) pairs.emplace_back(gap.start_ns, gap.end_ns);
  return pairs;
}

using Pairs = std::vector<std::pair<int64_t, int64_t>>;

TEST(WaitInKernel, PreemptedThreadWaitsUntilItRuns) {
  watched_thread thread{};
  wait_switch_out(&thread, true, 100);
  EXPECT_EQ(wait_switch_in(&thread, 350), 250u);
}

TEST(WaitInKernel, SleeperWaitsFromItsWakeUpOn) {
  watched_thread thread{};
  wait_switch_out(&thread, false, 100);
  wait_wake(&thread, 300);
  EXPECT_EQ(wait_switch_in(&thread, 350), 50u);
}

TEST(WaitInKernel, FirstOfTwoWakeUpsCounts) {
  watched_thread thread{};
  wait_switch_out(&thread, false, 100);
  wait_wake(&thread, 200);
  wait_wake(&thread, 300);
  EXPECT_EQ(wait_switch_in(&thread, 350), 150u);
}

TEST(WaitInKernel, WakeUpOfARunningThreadIsNoWait) {
  watched_thread thread{};
  wait_switch_in(&thread, 50);
  wait_wake(&thread, 100);
  EXPECT_EQ(thread.state, uint32_t{WAIT_RUNNING});
  wait_switch_out(&thread, false, 200);
  EXPECT_EQ(wait_switch_in(&thread, 900), 0u);
}

TEST(WaitInKernel, FirstSightOfAThreadClaimsNoWait) {
  watched_thread thread{};
  EXPECT_EQ(wait_switch_in(&thread, 1000), 0u);
}

TEST(WaitInKernel, ThreadAsleepAtTheStartIsWatchedFromItsWakeUpOn) {
  watched_thread thread{};
  wait_wake(&thread, 1000);
  EXPECT_EQ(wait_switch_in(&thread, 1600), 600u);
}

TEST(HostGaps, KeepsWhatIsLongEnoughToMatter) {
  EXPECT_EQ(of_one({wait(7, 0, 499 * kUs), wait(7, 10 * kMs, 10 * kMs + 500 * kUs)}),
            (Pairs{{10 * kMs, 10 * kMs + 500 * kUs}}));
}

TEST(HostGaps, BridgesAShortRunBetweenTwoWaits) {
  EXPECT_EQ(of_one({wait(7, 0, 300 * kUs), wait(7, 399 * kUs, 700 * kUs)}),
            (Pairs{{0, 700 * kUs}}));
  EXPECT_EQ(of_one({wait(7, 0, 300 * kUs), wait(7, 400 * kUs, 700 * kUs)}), Pairs{});
}

TEST(HostGaps, OrderOfWaitsDoesNotMatter) {
  EXPECT_EQ(of_one({wait(7, 20 * kMs, 22 * kMs), wait(7, 3 * kMs, 5 * kMs)}),
            (Pairs{{3 * kMs, 5 * kMs}, {20 * kMs, 22 * kMs}}));
}

TEST(HostGaps, OverlappingWaitsAreOneGap) {
  EXPECT_EQ(of_one({wait(7, 0, 5 * kMs), wait(7, 1 * kMs, 2 * kMs), wait(7, 4 * kMs, 6 * kMs)}),
            (Pairs{{0, 6 * kMs}}));
}

TEST(HostGaps, CutsToTheWindow) {
  EXPECT_EQ(of_one({wait(7, 0, 3 * kMs), wait(7, 9 * kMs, 20 * kMs), wait(7, 30 * kMs, 40 * kMs)},
                   {1 * kMs, 10 * kMs}),
            (Pairs{{1 * kMs, 3 * kMs}, {9 * kMs, 10 * kMs}}));
}

TEST(HostGaps, EachVcpuHasItsOwnAndStrangersNone) {
  const HostWait waits[] = {wait(8, 0, 1 * kMs), wait(9, 0, 2 * kMs), wait(7, 0, 3 * kMs)};
  const Tid tids[] = {Tid(7), Tid(8), Tid(6)};
  const auto gaps = gaps_of(waits, tids, {0, 10 * kMs});
  ASSERT_EQ(gaps.size(), 3u);
  ASSERT_EQ(gaps[0].size(), 1u);
  EXPECT_EQ(gaps[0][0].end_ns, 3 * kMs);
  ASSERT_EQ(gaps[1].size(), 1u);
  EXPECT_EQ(gaps[1][0].end_ns, 1 * kMs);
  EXPECT_TRUE(gaps[2].empty());
}

TEST(Schedstat, ReadsTheFirstTwoFields) {
  const auto look = lab::parse_schedstat("123456 789 42\n", 5);
  EXPECT_EQ(look.time_ns, 5);
  EXPECT_EQ(look.run_ns, 123456);
  EXPECT_EQ(look.run_delay_ns, 789);
}

TEST(Schedstat, RefusesWhatIsNotOne) {
  for (const char* text : {"", "12", "12 ", "x 3 4", "12 y 4", "12 3"})
    EXPECT_EQ(lab::parse_schedstat(text, 5).run_ns, -1) << text;
}

TEST(Schedstat, GrowthIsAWaitThatEndedByNow) {
  const Interval wait =
      lab::wait_between({10 * kMs, 1, 2 * kMs}, {11 * kMs, 1, 2 * kMs + 700 * kUs});
  EXPECT_EQ(wait.start_ns, 11 * kMs - 700 * kUs);
  EXPECT_EQ(wait.end_ns, 11 * kMs);
}

TEST(Schedstat, NoGrowthIsNoWait) {
  const Interval wait = lab::wait_between({10 * kMs, 1, 2 * kMs}, {11 * kMs, 9, 2 * kMs});
  EXPECT_EQ(wait.start_ns, wait.end_ns);
}

}  // namespace
}  // namespace test
