// Freezes: what overlaps is one, what does not is not, and silence is none.

#include "profiler/analysis/freezes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Freeze> freezes(const GivenCapture& given, int64_t least_ns = 1_ms) {
  return find_freezes(given.capture(), least_ns);
}

TEST(Freezes, AreNoneInSilence) {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7).at(900_ms).switch_to(0);
  EXPECT_THAT(freezes(given), IsEmpty());
}

TEST(Freezes, UniteAnNmiWithTheProgramItInterrupted) {
  GivenCapture given;
  given.cpu(0).at(100_ms).slow_emit(EmitContext::task, 250_ms, {0x1});
  given.cpu(0).at(110_ms).slow_emit(EmitContext::nmi, 230_ms, {0x2, 0x3});
  const auto found = freezes(given);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].start_ns, kStart + 100_ms);
  EXPECT_EQ(found[0].length_ns, 250_ms);
  EXPECT_THAT(found[0].cpus, ElementsAre(CpuId(0)));
  EXPECT_EQ(found[0].cause, "emit in nmi and task context took too long");
  EXPECT_THAT(found[0].stack, ElementsAre(0x1)) << "of the longest";
}

TEST(Freezes, UniteCpusThatWaitForEachOther) {
  GivenCapture given;
  given.cpu(1).at(105_ms).slow_emit(EmitContext::nmi, 45_ms);
  given.cpu(0).at(100_ms).slow_emit(EmitContext::task, 10_ms);
  const auto found = freezes(given);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].length_ns, 50_ms) << "from the first start to the last end";
  EXPECT_THAT(found[0].cpus, ElementsAre(CpuId(0), CpuId(1)));
}

TEST(Freezes, UniteAChainOfOverlaps) {
  GivenCapture given;
  for (const int64_t start : {0_ms, 8_ms, 16_ms})
    given.cpu(0).at(start).slow_emit(EmitContext::nmi, 10_ms);
  ASSERT_EQ(freezes(given).size(), 1u);
  EXPECT_EQ(freezes(given)[0].length_ns, 26_ms);
}

TEST(Freezes, AreTwoWhenOneEndsWhereTheOtherBegins) {
  GivenCapture given;
  given.cpu(0).at(10_ms).slow_emit(EmitContext::nmi, 5_ms);
  given.cpu(0).at(15_ms).slow_emit(EmitContext::nmi, 5_ms);
  EXPECT_EQ(freezes(given).size(), 2u);
}

TEST(Freezes, KeepALongOneThatStartsBeforeShortOnesEnd) {
  GivenCapture given;
  given.cpu(0).at(0_ms).slow_emit(EmitContext::task, 100_ms);
  given.cpu(1).at(10_ms).slow_emit(EmitContext::nmi, 2_ms);
  given.cpu(1).at(50_ms).slow_emit(EmitContext::nmi, 2_ms);
  ASSERT_EQ(freezes(given).size(), 1u);
  EXPECT_EQ(freezes(given)[0].length_ns, 100_ms);
}

TEST(Freezes, ShorterThanAskedForAreLeftOut) {
  GivenCapture given;
  given.cpu(0).at(10_ms).slow_emit(EmitContext::nmi, 5_ms);
  EXPECT_EQ(freezes(given, 5_ms).size(), 1u);
  EXPECT_THAT(freezes(given, 5_ms + 1), IsEmpty());
}

TEST(Freezes, AreMeasuredUnitedBeforeTheyAreLeftOut) {
  GivenCapture given;
  given.cpu(0).at(10_ms).slow_emit(EmitContext::nmi, 3_ms);
  given.cpu(1).at(12_ms).slow_emit(EmitContext::nmi, 3_ms);
  EXPECT_EQ(freezes(given, 5_ms).size(), 1u);
}

TEST(Freezes, SeenByHeartbeatsAloneNameTheirWitness) {
  GivenCapture given;
  given.cpu(1).at(10_ms).stalls(40_ms, "heartbeat");
  given.cpu(0).at(20_ms).stalls(40_ms, "");
  const auto found = freezes(given);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].cause, "heartbeat came late, reason unknown");
  EXPECT_THAT(found[0].stack, IsEmpty());
}

TEST(Freezes, WithALateHeartbeatAreAttributedToTheEmit) {
  GivenCapture given;
  given.cpu(0).at(10_ms).stalls(40_ms, "heartbeat").at(12_ms).slow_emit(EmitContext::task, 9_ms);
  EXPECT_EQ(freezes(given).at(0).cause, "emit in task context took too long");
}

/// Sampled at 1000 Hz: 7 on CPU 0 and 8 on CPU 1, silent from 100 to 350 ms.
GivenCapture given_silence() {
  GivenCapture given;
  given.header.sample_hz = 1000;
  given.ending.end_ns = kStart + 500_ms;
  given.cpu(0).ran(7);
  given.cpu(1).ran(8);
  for (int64_t at_ms = 0; at_ms < 500; at_ms++) {
    if (at_ms > 100 && at_ms < 350) continue;
    given.cpu(0).at(at_ms * 1_ms).sample({0x11}, {});
    given.cpu(1).at(at_ms * 1_ms).sample({0x22}, {});
  }
  return given;
}

TEST(Freezes, AreSilencesOfCpusThatHaveAThread) {
  const auto found = freezes(given_silence());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].start_ns, kStart + 100_ms);
  EXPECT_EQ(found[0].length_ns, 250_ms);
  EXPECT_THAT(found[0].cpus, ElementsAre(CpuId(0), CpuId(1)));
  EXPECT_EQ(found[0].cause, "no event and no sample while threads 7, 8 ran");
  EXPECT_THAT(found[0].stack, ElementsAre(0x11));
}

TEST(Freezes, OfSilenceAreTheEmitsThatExplainThem) {
  GivenCapture given = given_silence();
  given.cpu(1).at(101_ms).slow_emit(EmitContext::nmi, 240_ms, {0x33});
  const auto found = freezes(given);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].cause, "emit in nmi context took too long");
  EXPECT_THAT(found[0].stack, ElementsAre(0x33));
}

TEST(Freezes, AreNoneWhereACpuOwesNoSample) {
  GivenCapture unsampled = given_silence();
  unsampled.header.sample_hz = 0;
  EXPECT_THAT(freezes(unsampled), IsEmpty()) << "no rate: nothing is due";
  GivenCapture short_one = given_silence();
  short_one.header.sample_hz = 100;
  EXPECT_THAT(freezes(short_one), IsEmpty()) << "25 periods";
  const auto damaged = Capture::parse(given_silence().bytes() + "garbage", "x");
  ASSERT_TRUE(damaged);
  EXPECT_THAT(find_freezes(*damaged, 1_ms), IsEmpty()) << "its holes are the file's";
  GivenCapture idle;
  idle.header.sample_hz = 1000;
  idle.cpu(0)
      .ran(7)
      .at(1_ms)
      .sample({}, {})
      .sleeps_for(0)
      .at(900_ms)
      .switch_to(7)
      .at(901_ms)
      .sleeps_for(0);
  EXPECT_THAT(freezes(idle), IsEmpty()) << "nobody was on the CPU";
}

TEST(Freezes, OfSomeProcessesAreNoneWhileOthersRun) {
  GivenCapture given;
  given.header.sample_hz = 1000;
  given.header.scope = "pid 7";
  given.cpu(0)
      .ran(7)
      .at(1_ms)
      .sample({}, {})
      .at(2_ms)
      .sleeps_for(99)
      .at(800_ms)
      .switch_to(7)
      .at(801_ms)
      .sleeps_for(0);
  EXPECT_THAT(freezes(given), IsEmpty());
}

TEST(Freezes, ThatLostEventsMayExplainSaySo) {
  GivenCapture given = given_silence();
  given.loses("ring_full", 300);
  EXPECT_THAT(freezes(given).at(0).cause, testing::HasSubstr("events were lost"));
}

TEST(Freezes, LastToTheEndWhenNothingComesAgain) {
  GivenCapture given = given_silence();
  given.ending.end_ns = kStart + 900_ms;
  const auto found = freezes(given);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].length_ns, 401_ms);
  EXPECT_THAT(found[1].stack, IsEmpty());
}

TEST(Freezes, WithoutALengthAreNone) {
  GivenCapture given;
  given.cpu(0).at(10_ms).slow_emit(EmitContext::nmi, 0);
  EXPECT_THAT(freezes(given, 0), IsEmpty());
}

}  // namespace thaw::test
