// Running, ready, waiting: one test per case of timeline.cc's essay.

#include "profiler/analysis/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "profiler/store/layout.h"
#include "tests/support/given_capture.h"
#include "tests/support/seed.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

/// A thread's slices as words, times in ms: "waiting 0-5 by 8".
std::vector<std::string> row_of(const Capture& capture, int32_t tid) {
  std::vector<std::string> words;
  for (const ThreadTimeline& thread : build_timeline(capture)) {
    if (thread.tid != Tid(tid)) continue;
    for (const Slice& slice : thread.slices) {
      std::string text = fmt::format("{} {}-{}", name_of(slice.state),
                                     static_cast<double>(slice.start_ns - kStart) / 1e6,
                                     static_cast<double>(slice.end_ns - kStart) / 1e6);
      if (slice.waker.value != 0) text += fmt::format(" by {}", slice.waker);
      words.push_back(text);
    }
  }
  return words;
}

std::vector<std::string> row_of(const GivenCapture& given, int32_t tid) {
  return row_of(given.capture(), tid);
}

/// A capture of 100 ms. Threads are there only from the events a test tells.
GivenCapture hundred_ms() {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  return given;
}

TEST(Timeline, ShowsAThreadThatSleepsAndIsWoken) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8);
  given.cpu(0).at(30_ms).wakes(7).at(31_ms).woken(7).at(40_ms).sleeps_for(7);
  EXPECT_THAT(row_of(given, 7),
              ElementsAre("running 0-10", "waiting 10-31 by 8", "ready 31-40", "running 40-100"));
  EXPECT_THAT(row_of(given, 8), ElementsAre("ready 0-10", "running 10-40", "waiting 40-100"));
}

TEST(Timeline, LeavesOutTheIdleThread) {
  GivenCapture given = hundred_ms();
  given.cpu(0).at(10_ms).switch_to(7).at(20_ms).sleeps_for(0);
  for (const ThreadTimeline& thread : build_timeline(given.capture()))
    EXPECT_NE(thread.tid, Tid(0));
}

TEST(Timeline, IsByTidAndKnowsProcesses) {
  GivenCapture given = hundred_ms();
  given.thread_of(9, 5).cpu(0).ran(9).at(10_ms).sleeps_for(3).at(20_ms).sleeps_for(0);
  const auto rows = build_timeline(given.capture());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].tid, Tid(3));
  EXPECT_EQ(rows[1].pid, Pid(5));
}

TEST(Timeline, TakesTheWakerFromTheWakingNotFromWhomItInterrupted) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).sleeps_for(0);
  given.cpu(0).at(20_ms).switch_to(8).wakes(7, 1);
  given.cpu(1).ran(9).at(25_ms).woken(7, 1);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10", "waiting 10-25 by 8", "ready 25-100"));
}

TEST(Timeline, MakesDoWithAWakingWhereTheWakeupIsMissing) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8).at(30_ms).wakes(7).at(40_ms).sleeps_for(7);
  EXPECT_THAT(row_of(given, 7),
              ElementsAre("running 0-10", "waiting 10-30 by 8", "ready 30-40", "running 40-100"));
}

TEST(Timeline, RemembersAWakingFromBeforeTheSleepThatItAnswers) {
  GivenCapture given = hundred_ms();
  given.cpu(1).ran(8).at(9_ms).wakes(7);
  given.cpu(0).ran(7).at(10_ms).sleeps_for(0);
  given.cpu(0).at(11_ms).woken(7).at(12_ms).switch_to(7);
  given.cpu(1).at(90_ms).sleeps_for(0);
  EXPECT_THAT(row_of(given, 7),
              ElementsAre("running 0-10", "waiting 10-11 by 8", "ready 11-12", "running 12-100"));
}

TEST(Timeline, IsNotChangedByAWakeupOfARunningThread) {
  GivenCapture given = hundred_ms();
  given.cpu(1).ran(8).at(5_ms).wakes(7).at(6_ms).woken(7);
  given.cpu(0).ran(7).at(10_ms).sleeps_for(0).at(20_ms).switch_to(7);
  given.cpu(1).at(90_ms).sleeps_for(0);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10", "waiting 10-20", "running 20-100"))
      << "that waking was used up: nobody is known to have woken it at 20";
}

TEST(Timeline, CallsAPreemptedThreadReady) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).switch_to(8).at(20_ms).switch_to(7);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10", "ready 10-20", "running 20-100"));
}

TEST(Timeline, EndsWithDeath) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).dies_for(8);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10"));
}

TEST(Timeline, BeginsAThreadAgainWhoseNumberIsReused) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).dies_for(8);
  given.cpu(0).at(50_ms).names(EventKind::task_new, 7, "x", 8).woken(7).at(60_ms).sleeps_for(7);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10", "ready 50-60", "running 60-100"));
}

TEST(Timeline, DoesNotLetANewThreadBeginBeforeItsBirth) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(8).at(50_ms).names(EventKind::task_new, 7, "x", 8).at(60_ms).sleeps_for(7);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 60-100"));
}

TEST(Timeline, BeginsAThreadThatWasSeenAtItsBirthWhereThereIsOne) {
  GivenCapture given = hundred_ms();
  given.cpu(0).at(0_ms).names(EventKind::task_seen, 7, "x").ran(8);
  given.cpu(0).at(50_ms).names(EventKind::task_new, 7, "x", 8).at(60_ms).sleeps_for(0);
  EXPECT_THAT(row_of(given, 7), IsEmpty());
  given.cpu(0).at(70_ms).switch_to(7);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 70-100"));
}

TEST(Timeline, InfersWhatAThreadDidBeforeItsFirstEvent) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8);  // 7 ran, 8 was ready
  given.cpu(0).at(20_ms).wakes(9).woken(9);     // 9 waited
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10", "waiting 10-100"));
  EXPECT_THAT(row_of(given, 8), ElementsAre("ready 0-10", "running 10-100"));
  EXPECT_THAT(row_of(given, 9), ElementsAre("waiting 0-20 by 8", "ready 20-100"));
}

TEST(Timeline, KnowsThreadsThatWereThereAndHaveNoEvent) {
  GivenCapture given = hundred_ms();
  given.cpu(0).at(0_ms).names(EventKind::task_seen, 7, "asleep");
  given.cpu(0).names(EventKind::task_seen, 8, "alone").ran(8).at(50_ms).sample({}, {0x401000});
  given.cpu(0).ran(9).at(60_ms).sample({}, {0x401000});
  EXPECT_THAT(row_of(given, 7), ElementsAre("waiting 0-100"));
  EXPECT_THAT(row_of(given, 8), ElementsAre("running 0-100"));
  EXPECT_THAT(row_of(given, 9), IsEmpty()) << "nobody says since when it is there";
  given.header.scope = "command";
  EXPECT_THAT(row_of(given, 7), IsEmpty());
}

TEST(Timeline, BeginsWhenTheRecorderLookedWhoIsThere) {
  GivenCapture given = hundred_ms();
  given.cpu(0).at(4_ms).names(EventKind::task_seen, 7, "x").ran(7).at(10_ms).sleeps_for(8);
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 4-10", "waiting 10-100"));
  EXPECT_THAT(row_of(given, 8), ElementsAre("ready 4-10", "running 10-100"));
}

TEST(Timeline, AccountsForAllTimeOfEveryThreadThatWasThere) {
  std::mt19937_64 random(::test::seed());
  GivenCapture given = hundred_ms();
  constexpr int32_t kThreads = 12;
  for (int32_t tid = 1; tid <= kThreads; tid++)
    given.cpu(0).at(0_ms).names(EventKind::task_seen, tid, "x");
  // Threads of odd and even numbers keep to a CPU each; 11 and 12 never have an event.
  int32_t runs[2] = {2, 1};
  given.cpu(0).ran(2);
  given.cpu(1).ran(1);
  for (int64_t at_ns = 1'000; at_ns < 90_ms;
       at_ns += 1'000 + static_cast<int64_t>(random() % 100'000)) {
    const auto cpu = static_cast<uint32_t>(random() % 2);
    const int32_t next = static_cast<int32_t>(random() % 5) * 2 + (cpu == 0 ? 2 : 1);
    if (next == runs[cpu]) continue;
    auto there = given.cpu(cpu).at(at_ns);
    if (random() % 2 == 0) there.wakes(next, cpu).woken(next, cpu);
    there.switch_to(next, random() % 2 == 0 ? kSleeping : kPreempted);
    runs[cpu] = next;
  }
  const auto rows = build_timeline(given.capture());
  ASSERT_EQ(rows.size(), static_cast<size_t>(kThreads));
  for (const ThreadTimeline& thread : rows) {
    int64_t sum_ns = 0;
    for (const Slice& slice : thread.slices) sum_ns += slice.end_ns - slice.start_ns;
    EXPECT_EQ(sum_ns, 100_ms) << "thread " << thread.tid.value;
  }
}

TEST(Timeline, InfersNothingWhenOnlySomeThreadsWereRecorded) {
  GivenCapture given = hundred_ms();
  given.header.scope = "command";
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8).at(20_ms).wakes(9).woken(9);
  EXPECT_THAT(row_of(given, 7), ElementsAre("waiting 10-100"));
  EXPECT_THAT(row_of(given, 8), ElementsAre("running 10-100"));
  EXPECT_THAT(row_of(given, 9), ElementsAre("ready 20-100"));
}

TEST(Timeline, InfersNothingWhenPartOfTheFileIsDamaged) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8);
  const auto capture = Capture::parse(given.bytes() + "garbage", "x");
  ASSERT_TRUE(capture);
  EXPECT_THAT(row_of(*capture, 7), ElementsAre("waiting 10-100"));
}

TEST(Timeline, CallsUnknownWhatALostSwitchHides) {
  GivenCapture given = hundred_ms();
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8);
  // Lost: 8 left, 9 came. So nobody knows when 8 stopped running.
  given.cpu(0).ran(9).at(30_ms).sleeps_for(7);
  EXPECT_THAT(row_of(given, 8), ElementsAre("ready 0-10", "unknown 10-30", "unknown 30-100"));
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 0-10", "waiting 10-30", "running 30-100"));
}

TEST(Timeline, CallsUnknownAThreadThatComesInTwice) {
  GivenCapture given = hundred_ms();
  given.cpu(0).at(10_ms).switch_to(7);
  given.cpu(1).at(30_ms).switch_to(7);  // lost: it left CPU 0
  EXPECT_THAT(row_of(given, 7), ElementsAre("ready 0-10", "unknown 10-30", "running 30-100"));
}

TEST(Timeline, GoesOnUnderTheLeadersNumberAfterExec) {
  GivenCapture given = hundred_ms();
  given.thread_of(8, 7).cpu(0).ran(8).at(10_ms).switch_to(8);
  given.cpu(0).at(20_ms).names(EventKind::task_exec, 7, "new", 8).ran(7).at(30_ms).sleeps_for(0);
  EXPECT_THAT(row_of(given, 8).back(), "running 10-20");
  EXPECT_THAT(row_of(given, 7), ElementsAre("running 20-30", "waiting 30-100"));
}

TEST(Timeline, LastsUntilTheEndOfTheCapture) {
  GivenCapture given;
  given.cpu(0).ran(7).at(10_ms).switch_to(8).at(20_ms).sample({}, {});
  EXPECT_THAT(row_of(given, 8).back(), "running 10-1000");
  EXPECT_THAT(row_of(given.is_killed(true), 8).back(), "running 10-20")
      << "no ending: to the last event";
}

TEST(Timeline, HasSlicesInOrderWithoutOverlapWhateverTheEventsSay) {
  std::mt19937_64 random(::test::seed());
  GivenCapture given;
  for (int i = 0; i < 20'000; i++) {
    const EventKind kinds[] = {EventKind::sched_switch, EventKind::sched_waking,
                               EventKind::sched_wakeup, EventKind::task_new,
                               EventKind::task_exec,    EventKind::task_exit};
    given.cpu(static_cast<uint32_t>(random() % 4))
        .add({.kind = kinds[random() % 6],
              .cpu = CpuId(static_cast<uint32_t>(random() % 4)),
              .time_ns = kStart + static_cast<int64_t>(random() % 10'000'000),
              .tid = Tid(static_cast<int32_t>(random() % 6)),
              .other_tid = Tid(static_cast<int32_t>(random() % 6)),
              .detail = static_cast<int64_t>(random() % 3 * 0x40)});
  }
  size_t slices = 0;
  for (const ThreadTimeline& thread : build_timeline(given.capture())) {
    int64_t end_ns = kStart;
    for (const Slice& slice : thread.slices) {
      ASSERT_GE(slice.start_ns, end_ns);
      ASSERT_GT(slice.end_ns, slice.start_ns);
      end_ns = slice.end_ns;
      slices++;
    }
  }
  EXPECT_GT(slices, 5'000u);
}

TEST(Timeline, OfNothingIsEmpty) {
  EXPECT_THAT(build_timeline(GivenCapture().capture()), IsEmpty());
}

}  // namespace thaw::test
