// The books of a capture: they balance when nothing leaked, and say so only when it can be known.

#include "profiler/analysis/accounting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/store/layout.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

constexpr auto kSwitch = static_cast<size_t>(EventKind::sched_switch);

GivenCapture two_switches() {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7).at(2_ms).switch_to(0);
  return given;
}

TEST(Accounting, BalancesWhenEverythingWasRecorded) {
  const Accounting books = account(two_switches().capture());
  EXPECT_TRUE(books.is_final);
  EXPECT_EQ(books.recorded[kSwitch], 2u);
  EXPECT_EQ(books.happened[kSwitch], 2u);
  EXPECT_EQ(books.lost(), 0u);
  EXPECT_EQ(books.unaccounted(), 0);
  EXPECT_THAT(books.losses, IsEmpty());
}

TEST(Accounting, BalancesWhenWhatIsMissingHasAName) {
  const Accounting books =
      account(two_switches().loses("ring_full", 5).loses("recursion", 1).capture());
  EXPECT_EQ(books.happened_total(), 8u);
  EXPECT_EQ(books.recorded_total(), 2u);
  EXPECT_EQ(books.lost(), 6u);
  EXPECT_EQ(books.unaccounted(), 0);
}

TEST(Accounting, FindsALeak) {
  EXPECT_EQ(account(two_switches().leaks(3).capture()).unaccounted(), 3);
}

TEST(Accounting, FindsEventsCountedAsLostThatAreThere) {
  GivenCapture given = two_switches();
  given.tally.losses["ring_full"] = 4;  // without having happened
  EXPECT_EQ(account(given.capture()).unaccounted(), -4);
}

TEST(Accounting, CountsOnlyDataLossAsLostEvents) {
  const Accounting books = account(two_switches()
                                       .loses("stack_cut", 10)
                                       .loses("transport_lost", 20)
                                       .loses("of_a_newer_thaw", 30)
                                       .capture());
  EXPECT_EQ(books.lost(), 0u);
  EXPECT_EQ(books.unaccounted(), 0);
}

TEST(Accounting, KnowsWhichLossesAreNoSwitches) {
  const Accounting books = account(two_switches()
                                       .loses("ring_full", 2)
                                       .loses("sample_shed", 30)
                                       .loses("slow_log_full", 4)
                                       .capture());
  EXPECT_EQ(books.lost(), 36u);
  EXPECT_EQ(books.switches_lost_at_most(), 2u);
}

TEST(Accounting, ListsTheWorstLossesFirst) {
  const Accounting books = account(two_switches()
                                       .loses("transport_lost", 1)
                                       .loses("stack_cut", 1)
                                       .loses("ring_full", 1)
                                       .loses("recursion", 0)
                                       .capture());
  EXPECT_THAT(books.losses, ElementsAre(Field(&CountedLoss::name, "ring_full"),
                                        Field(&CountedLoss::name, "stack_cut"),
                                        Field(&CountedLoss::name, "transport_lost")));
}

TEST(Accounting, KeepsALossThatItDoesNotKnow) {
  const Accounting books = account(two_switches().loses("of_a_newer_thaw", 1).capture());
  ASSERT_EQ(books.losses.size(), 1u);
  EXPECT_EQ(books.losses[0].row, nullptr);
}

TEST(Accounting, TakesWhatNobodyCountsAsItIs) {
  GivenCapture given = two_switches();
  given.cpu(1).stalls(9_ms, "heartbeat").names(EventKind::task_seen, 7, "x");
  given.cpu(1).names(EventKind::kernel_log, 0, "line");
  Capture capture = given.capture();
  EXPECT_EQ(account(capture).unaccounted(), 0);
  EXPECT_EQ(account(capture).happened[static_cast<size_t>(EventKind::stall)], 1u);
}

TEST(Accounting, ComparesWithTheKernelsOwnCount) {
  GivenCapture given = two_switches();
  given.tally.switches = {{2, true}, {1, true}};
  const Accounting books = account(given.capture());
  EXPECT_EQ(books.kernel_switches, 3u);
  EXPECT_EQ(books.switches_unaccounted(), 1);
}

TEST(Accounting, CountsLostSwitchesAsHappened) {
  GivenCapture given = two_switches();
  given.loses("ring_full", 1);
  given.tally.switches = {{3, true}};
  EXPECT_EQ(account(given.capture()).switches_unaccounted(), 0);
}

TEST(Accounting, DoesNotCompareOverAnOpenWindow) {
  GivenCapture given = two_switches();
  given.tally.switches = {{2, true}, {0, false}};
  EXPECT_FALSE(account(given.capture()).kernel_switches);
  EXPECT_FALSE(account(given.capture()).switches_unaccounted());
}

TEST(Accounting, OfAKilledCaptureIsNotFinal) {
  EXPECT_FALSE(account(two_switches().is_killed(true).capture()).is_final);
  const Accounting books = account(two_switches().is_killed(false).capture());
  EXPECT_FALSE(books.is_final);
  EXPECT_EQ(books.happened[kSwitch], 2u) << "without a tally, what happened is what is there";
}

TEST(Accounting, WithTheLastTallyDamagedIsNotFinal) {
  std::string bytes = two_switches().bytes();
  for (auto chunk = next_chunk(bytes, 0); chunk; chunk = next_chunk(bytes, chunk->end()))
    if (chunk->header.type == static_cast<uint8_t>(ChunkType::tally)) bytes[chunk->offset] ^= 1;
  const auto capture = Capture::parse(bytes, "x");
  ASSERT_TRUE(capture);
  ASSERT_TRUE(capture->ending());
  EXPECT_FALSE(account(*capture).is_final);
}

}  // namespace thaw::test
