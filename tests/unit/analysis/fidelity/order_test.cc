// Order, wakers and threads: what switches, samples, wake-ups, births and deaths must agree in.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_truth.h"

namespace thaw::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// 7 blocks, is woken by 8, runs again; all is seen and nobody is a stranger.
GivenCapture given_turns() {
  GivenCapture given;
  given.cpu(0).ran(7).at(0).names(EventKind::task_seen, 7, "a");
  given.cpu(0).names(EventKind::task_seen, 8, "b");
  for (int turn = 0; turn < 10; turn++) {
    auto cpu = given.cpu(0).at(10_ms * turn + 1_ms).sample({}, {0x1000});
    cpu.at(10_ms * turn + 2_ms).sleeps_for(8).at(10_ms * turn + 3_ms).sample({}, {0x1000});
    cpu.at(10_ms * turn + 4_ms).wakes(7).woken(7).at(10_ms * turn + 5_ms).switch_to(7);
  }
  return given;
}

Fidelity fidelity_of(const GivenCapture& given) {
  return measure_fidelity(given.capture(), given_truth({.tid = Tid(7), .pid = Pid(7)}), 0.001);
}

Event event_of(EventKind kind, int64_t at_ns, int32_t tid, int32_t other_tid = 0) {
  return {.kind = kind,
          .time_ns = kStart + at_ns,
          .tid = Tid(tid),
          .pid = Pid(tid),
          .other_tid = Tid(other_tid)};
}

TEST(Order, IsRightInATrueCapture) {
  const Fidelity fidelity = fidelity_of(given_turns());
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
  EXPECT_TRUE(named(fidelity, "samples of a thread that did not run").is_available());
  EXPECT_TRUE(named(fidelity, "wake-ups by a thread").is_available());
}

TEST(Order, CatchesASampleOfTheThreadBefore) {
  GivenCapture given = given_turns();
  given.cpu(0).add(event_of(EventKind::sample, 3_ms + 500_us, 7));  // 8 runs
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::order));
  EXPECT_DOUBLE_EQ(named(fidelity, "samples of a thread that did not run").value, 1);
}

TEST(Order, AllowsANmiWhileASwitchIsBeingMade) {
  constexpr uint64_t kSchedule = 0xffffffff81002000;
  GivenCapture given = given_turns();
  given.header.clock = "nmi";
  constexpr uint64_t kEntry = 0xffffffff81001000;
  constexpr uint64_t kSwitchTo = 0xffffffff81003000;
  given.functions = {{kEntry, 0x100, "entry_SYSCALL_64_after_hwframe", ""},
                     {kSchedule, 0x100, "__schedule", ""},
                     {kSwitchTo, 0x100, "__switch_to", ""}};
  // 8 runs, but for who asks inside of the switch.
  given.cpu(0).ran(7).at(2_ms + 300_us).sample({kSchedule + 0x80, kEntry + 0x10}, {0x1000});
  given.cpu(0).at(2_ms + 400_us).sample({kSwitchTo + 0x10}, {0x1000});
  given.cpu(0).ran(8);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
  given.cpu(0).add(event_of(EventKind::sample, 2_ms + 50_us, 7));
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::order));
}

TEST(Order, SaysNothingWhereASwitchIsMissing) {
  GivenCapture given = given_turns();
  // 9 comes, and it is 7 that leaves: who ran here is not known.
  given.cpu(0).at(200_ms).switch_to(9).ran(7).at(201_ms).sample({}, {0x1000});
  given.cpu(0).at(202_ms).switch_to(8);
  given.loses("ring_full", 2);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
}

TEST(Order, AllowsAsManyAsWereLostByName) {
  GivenCapture given = given_turns().loses("ring_full", 1);
  given.cpu(0).add(event_of(EventKind::sample, 3_ms + 500_us, 7));
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
  given.cpu(0).add(event_of(EventKind::sample, 3_ms + 600_us, 7));
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::order));
}

TEST(Order, CatchesAThreadThatActsBeforeItIsMade) {
  GivenCapture given = given_turns();
  given.cpu(1).at(20_ms).switch_to(9).at(30_ms).dies_for(0);
  given.cpu(1).at(40_ms).sample({}, {0x1000});
  given.cpu(0).at(10_ms).names(EventKind::task_new, 9, "c", 7);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
  given.cpu(1).at(50_ms).switch_to(9).at(60_ms).dies_for(0);  // dead, and never born again
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::order));
}

TEST(Order, LetsTheRecorderSeeAThreadThatWasMadeAfterItBegan) {
  GivenCapture given = given_turns();
  given.cpu(0).at(0).names(EventKind::task_seen, 9, "c");
  given.cpu(0).at(10_ms).names(EventKind::task_new, 9, "c", 7);
  given.cpu(1).at(20_ms).switch_to(9);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
  given.cpu(0).at(30_ms).names(EventKind::task_new, 9, "c", 7);  // made again, and had not died
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), Contains(MeasureKind::order));
  EXPECT_THAT(named(fidelity_of(given), "threads that act").means,
              HasSubstr("first a task_new of thread 9, 0.030000 s after the start"));
}

TEST(Wakers, CatchWakerAndWakeeExchanged) {
  GivenCapture given = given_turns();
  given.cpu(0).at(200_ms).sleeps_for(8);
  given.cpu(0).add(event_of(EventKind::sched_waking, 201_ms, 8, 7));
  given.cpu(0).add(event_of(EventKind::sched_wakeup, 202_ms, 8, 7));
  given.cpu(0).at(203_ms).switch_to(7);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::wakers));
  EXPECT_DOUBLE_EQ(named(fidelity, "wake-ups by a thread").value, 1);
  EXPECT_DOUBLE_EQ(named(fidelity, "waits that ended without").value, 1);
}

TEST(Wakers, LetAThreadBeWokenOnItsWayToSleep) {
  GivenCapture given = given_turns();
  given.cpu(0).at(199_ms).wakes(7).at(200_ms).sleeps_for(8).at(201_ms).switch_to(7);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
}

TEST(Threads, CatchThoseThatActAndWereNeverBorn) {
  GivenCapture given = given_turns();
  given.cpu(0).at(200_ms).switch_to(9).at(201_ms).dies_for(7);
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::threads));
  EXPECT_DOUBLE_EQ(named(fidelity, "threads that act and were").value, 1);
  given.header.scope = "command";
  EXPECT_THAT(named(fidelity_of(given), "threads that act and were").unavailable,
              HasSubstr("some processes"));
}

TEST(Threads, CatchAThreadOfTheLoadThatIsNotThere) {
  const Capture capture = given_turns().capture();
  Truth truth = given_truth({.tid = Tid(7), .pid = Pid(7)});
  EXPECT_TRUE(named(measure_fidelity(capture, truth, 0.001), "threads of the load").is_good());
  truth.threads.push_back({.tid = Tid(19), .pid = Pid(7)});
  const Fidelity fidelity = measure_fidelity(capture, truth, 0.001);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::threads));
  EXPECT_DOUBLE_EQ(named(fidelity, "threads of the load").value, 1);
}

TEST(Threads, AllowThatBirthsWereLostByName) {
  Truth truth = given_truth({.tid = Tid(7), .pid = Pid(7)});
  truth.threads.push_back({.tid = Tid(19), .pid = Pid(7)});
  const Capture capture = given_turns().loses("ring_full", 1).capture();
  EXPECT_THAT(wrong_kinds(measure_fidelity(capture, truth, 0.001)), ElementsAre());
}

TEST(Threads, CatchBirthsWithoutALife) {
  GivenCapture given = given_turns();
  for (int tid = 100; tid < 102; tid++)
    given.cpu(0).at(200_ms).names(EventKind::task_new, tid, "c", 7);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre()) << "one on each CPU at the end";
  given.cpu(0).at(200_ms).names(EventKind::task_new, 102, "c", 7);
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::threads));
}

TEST(Order, IsUnavailableWhereASwitchHasOneSide) {
  GivenCapture given = given_turns();
  given.header.transport = kPerfEventsAlone;
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_FALSE(named(fidelity, "order of").is_available());
  EXPECT_FALSE(named(fidelity, "wake-ups against").is_available());
}

}  // namespace
}  // namespace thaw::test
