// The judge and the freeze meter: which gaps make a freeze, which are the host's doing, and what a
// verdict says of them.

#include "tests/support/given_run.h"

namespace lab::test {

TEST(Judge, CallsThreeLongEmitsInNmiAFreeze) {
  Given given;
  stall_pair(given, 1000, 33);
  stall_pair(given, 2000, 34);
  EXPECT_VERDICT("pass", given, "");
  EXPECT_THAT(given.verdict().notes, testing::Contains(HasSubstr("3 make a freeze")));
  stall_pair(given, 3000, 33);
  EXPECT_VERDICT("freeze", given, "3 emits in NMI context took 8 ms or more");
}

TEST(Judge, CountsANestedPairAsOneStall) {
  Given given;
  stall_pair(given, 1000, 40);
  given.late_beat(0, 1002, 36);
  const Verdict verdict = given.verdict();
  ASSERT_EQ(verdict.stalls_total, 1u);
  const Stall& stall = verdict.stalls[0];
  EXPECT_NEAR(stall.start_ms, 1000, 1e-6);
  EXPECT_NEAR(stall.length_ms, 40, 1e-6);
  EXPECT_EQ(stall.context, "nmi");
  EXPECT_THAT(stall.cpus, testing::ElementsAre(0u));
  EXPECT_THAT(stall.witnesses, testing::UnorderedElementsAre("emit", "heartbeat"));
}

TEST(Judge, JoinsWhatTwoCpusSawOfOneLock) {
  Given given;
  given.emit(kNmi, 1000, 20, 0).emit(kNmi, 1005, 30, 1).emit(kNmi, 1040, 5, 0);
  const Verdict verdict = given.verdict();
  ASSERT_EQ(verdict.stalls_total, 2u);
  EXPECT_THAT(verdict.stalls[0].cpus, testing::ElementsAre(0u, 1u));
  EXPECT_NEAR(verdict.stalls[0].length_ms, 35, 1e-6);
  EXPECT_NEAR(verdict.stalls[1].length_ms, 5, 1e-6);
}

TEST(Judge, DoesNotCountWhatTheHostTook) {
  Given given;
  for (double at : {1000, 2000, 3000, 4000}) {
    stall_pair(given, at, 20);
    given.host_gap(1, at - 1, at + 15);  // the other vCPU, which may hold the lock
  }
  EXPECT_VERDICT("pass", given, "");
  const Verdict verdict = given.verdict();
  EXPECT_NEAR(verdict.stalls[0].host_ms, 15, 1e-6);
  EXPECT_THAT(verdict.notes, testing::Contains(HasSubstr("8 gaps of 8 ms or more are the host's")));
}

TEST(Judge, SeesAFreezeThroughABusyHost) {
  Given given;
  given.busy_host(1.0 / 3);
  for (double at : {1000, 2000, 3000, 4000}) stall_pair(given, at, 50);
  EXPECT_VERDICT("freeze", given, "4 emits in NMI context");
}

TEST(Judge, IgnoresWhatHappenedOutsideTheLoad) {
  Given given;
  for (double at : {-5000, -4000, 11'000, 12'000}) stall_pair(given, at, 400);
  given.late_beat(1, -3000, 2000);
  EXPECT_VERDICT("pass", given, "");
  EXPECT_EQ(given.verdict().stalls_total, 0u);
}

TEST(Judge, SeesALongStallInAnyContext) {
  EXPECT_VERDICT("freeze", Given().emit(kTask, 1000, 300), "the longest 300 ms, seen by emit");
  EXPECT_VERDICT("freeze", Given().late_beat(1, 1000, 260), "seen by heartbeat");
  Given thrice;
  thrice.late_beat(0, 1000, 120).late_beat(0, 2000, 120).late_beat(0, 3000, 120);
  EXPECT_VERDICT("freeze", thrice, "stood still 3 times");
}

TEST(Judge, SeesShortStallsByLengthTimesCount) {
  EXPECT_VERDICT("pass", Given().late_beat(0, 1000, 79), "");
  EXPECT_VERDICT("freeze", Given().late_beat(0, 1000, 81), "1 times for 80 ms or more");
  Given thrice;
  thrice.late_beat(0, 1000, 41).late_beat(1, 2000, 79);
  EXPECT_VERDICT("pass", thrice, "");
  EXPECT_VERDICT("freeze", thrice.late_beat(0, 3000, 41), "3 times for 40 ms or more");
  Given often;
  for (int i = 0; i < 22; i++) often.late_beat(i % 2, 100 + i * 400, 16);
  EXPECT_VERDICT("pass", often, "");  // ten seconds of load
  EXPECT_VERDICT("freeze", often.late_beat(0, 9900, 16), "23 times for 12 ms or more");
}

TEST(Judge, CountsAShortStallOnceHoweverManySawIt) {
  Given given;
  for (int i = 0; i < 12; i++)
    given.late_beat(0, 100 + i * 500, 16).late_beat(1, 101 + i * 500, 15);
  EXPECT_VERDICT("pass", given, "");
}

TEST(Judge, JudgesShortStallsOnlyWhereTheHostWasCalm) {
  Given given;
  for (int i = 0; i < 30; i++) given.late_beat(0, 100 + i * 300, 38);
  EXPECT_VERDICT("freeze", given, "30 times");
  EXPECT_VERDICT("infra", given.busy_host(0.45), "host too busy");
}

TEST(Judge, DoesNotTrustALateHeartbeatThatTheHostExplains) {
  Given given;
  given.late_beat(1, 1000, 260).host_gap(0, 1000, 1200);
  EXPECT_VERDICT("pass", given, "");
}

TEST(Judge, ForgivesAHeartbeatWhoseTimerWasLateButNoEmit) {
  EXPECT_VERDICT("pass", Given().late_beat(1, 1000, 260).timer_gap(1000, 1200), "");
  EXPECT_VERDICT("freeze", Given().emit(kTask, 1000, 260).timer_gap(1000, 1200), "seen by emit");
}

TEST(Judge, HearsSilence) {
  EXPECT_VERDICT("freeze", Given().silence(2000, 5000), "seen by silence");
  EXPECT_VERDICT("pass", Given().silence(2000, 5000).host_gap(0, 1900, 4950), "");
  EXPECT_VERDICT("pass", Given().silence(2000, 2900), "");  // an ordinary thread's wait for a CPU
}

TEST(Judge, JudgesAForeignSubjectByTheLabsOwnWitnesses) {
  Given given;
  given.subject_without_capture().late_beat(0, 1000, 400).late_beat(1, 1000, 400);
  EXPECT_VERDICT("freeze", given, "seen by heartbeat");
}

TEST(Judge, BelievesTheKernelsOwnLockupLines) {
  EXPECT_VERDICT("freeze", Given().console("lockup", "soft lockup"), "soft lockup");
  EXPECT_VERDICT("infra", Given().console("lockup", "soft lockup").busy_host(0.49),
                 "host too busy: soft lockup");
}

TEST(Judge, CountsLongEmitsWhoseRecordsWereLost) {
  Given given;
  given.emit_without_record(20).emit_without_record(20);
  EXPECT_VERDICT("pass", given, "");
  given.emit_without_record(20);
  EXPECT_VERDICT("freeze", given, "their records lost");
  EXPECT_VERDICT("infra", given.busy_host(0.2), "host too busy");
}

TEST(Judge, SaysFreezeEvenWhenTheCaptureIsNotWhole) {
  Given given;
  for (double at : {1000, 2000, 3000}) stall_pair(given, at, 33);
  given.without_ending().e.subject.exit_code.reset();
  EXPECT_VERDICT("freeze", given, "3 emits");
}

// --- host too busy

TEST(Judge, NeverGuessesWhenTheHostTookTooMuch) {
  EXPECT_VERDICT("pass", Given().busy_host(1.0 / 3), "");
  EXPECT_VERDICT("infra", Given().busy_host(0.45), "host too busy");
  Given given;
  given.busy_host(0.45).emit(kNmi, 1003, 12);
  EXPECT_VERDICT("infra", given, "host too busy");
}

TEST(Judge, NeverPassesALoadThatHardlyHadTheHost) {
  // Both vCPUs are held off together for 71 % of the load: never one without the other, so nothing
  // hides a stall in what is left, but the case had too little of its time to show one.
  Given given;
  for (double at = 0; at < 10'000; at += 100)
    given.host_gap(0, at, at + 71).host_gap(1, at, at + 71);
  EXPECT_VERDICT("infra", given, "host too busy");
  Given enough;
  for (double at = 0; at < 10'000; at += 100)
    enough.host_gap(0, at, at + 69).host_gap(1, at, at + 69);
  EXPECT_VERDICT("pass", enough, "no stall");
}

// --- what else a verdict says

TEST(Judge, SaysWhatItCouldNotHaveSeen) {
  EXPECT_NEAR(Given().verdict().floor_ms, 1, 1e-6);
  EXPECT_NEAR(Given().host_gap(0, 100, 112).verdict().floor_ms, 13, 1e-6);
  EXPECT_NEAR(Given().subject_without_capture().verdict().floor_ms, 2, 1e-6);
}

TEST(Judge, ListsTheLargestStallsFirstAndCountsAll) {
  Given given;
  for (int i = 0; i < 250; ++i) given.emit(kTask, 20 + i * 30, 1.5 + 0.01 * (i % 50));
  given.emit(kTask, 9000, 60).host_gap(1, 9000, 9059);
  const Verdict verdict = given.verdict();
  EXPECT_EQ(verdict.stalls_total, 251u);
  EXPECT_EQ(verdict.stalls.size(), 200u);
  EXPECT_NEAR(verdict.stalls[0].length_ms, 1.99, 1e-6);
}

}  // namespace lab::test
