// Rate, gaps and the clock: samples and events over time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/given_truth.h"

namespace thaw::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr int kSeconds = 4;

/// 7 on CPU 0 and 8 on CPU 1 run all the time, but for a switch to nobody and back in the middle,
/// and are sampled each millisecond in which `is_sampled` says so.
GivenCapture given_busy(const std::function<bool(uint32_t cpu, int ms)>& is_sampled) {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1'000;
  given.ending.end_ns = kStart + 1'000_ms * kSeconds;
  for (uint32_t number = 0; number < 2; number++) {
    const auto tid = static_cast<int32_t>(7 + number);
    auto cpu = given.cpu(number).ran(tid).at(0).names(EventKind::task_seen, tid, "busy");
    for (int ms = 0; ms < 1'000 * kSeconds; ms++) {
      if (ms == 1'000) cpu.at(1_ms * ms).sleeps_for(0);
      if (ms == 1'500) cpu.at(1_ms * ms).wakes(tid).woken(tid).switch_to(tid);
      if (is_sampled(number, ms)) cpu.at(1_ms * ms + 500_us).sample({}, {0x1000});
    }
    cpu.at(1'000_ms * kSeconds).switch_to(0);
  }
  return given;
}

bool is_busy(int ms) {
  return ms < 1'000 || ms >= 1'500;
}

Fidelity fidelity_of(const GivenCapture& given) {
  return measure_fidelity(given.capture(), given_truth({.tid = Tid(7)}), 0.001);
}

TEST(Rate, IsThatOfBusyTimeWhateverIdleCpusDo) {
  const Fidelity fidelity = fidelity_of(given_busy([](uint32_t, int ms) { return is_busy(ms); }));
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
  EXPECT_NEAR(named(fidelity, "samples of CPU 0").value, 100, 0.1);
  const Fidelity with_idle = fidelity_of(given_busy([](uint32_t, int) { return true; }));
  EXPECT_THAT(wrong_kinds(with_idle), ElementsAre());
  EXPECT_NEAR(named(with_idle, "samples of CPU 0").value, 100, 0.1);
}

TEST(Rate, CatchesACpuThatIsSampledTooSeldom) {
  const Fidelity fidelity = fidelity_of(
      given_busy([](uint32_t cpu, int ms) { return is_busy(ms) && (cpu == 0 || ms % 5 != 0); }));
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::rate));
  EXPECT_TRUE(named(fidelity, "samples of CPU 0").is_good());
  const Measure slow = named(fidelity, "samples of CPU 1");
  EXPECT_FALSE(slow.is_good());
  EXPECT_NEAR(slow.value, 80, 0.1);
  EXPECT_LT(slow.p.value(), 1e-6);
  EXPECT_NEAR(slow.effect.value().size, 20, 0.1);
}

TEST(Rate, CatchesASecondInWhichHalfIsMissing) {
  const Fidelity fidelity = fidelity_of(given_busy(
      [](uint32_t cpu, int ms) { return is_busy(ms) && (cpu == 0 || ms < 3'000 || ms % 2 == 0); }));
  const Measure worst = named(fidelity, "samples in the worst second");
  EXPECT_THAT(worst.name, HasSubstr("CPU 1, 3.0 s"));
  EXPECT_FALSE(worst.is_good());
  EXPECT_NEAR(worst.value, 50, 0.2);
}

TEST(Rate, IsOfWhatTheBrakeLeft) {
  GivenCapture given = given_busy([](uint32_t, int ms) { return is_busy(ms) && ms % 4 == 0; });
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::rate));
  given.tally.losses["sample_shed"] = 3 * 2 * 875;
  given.tally.happened[static_cast<size_t>(EventKind::sample)] = 3 * 2 * 875;
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
}

TEST(Gaps, CatchAHoleOfACpuThatWasBusy) {
  const Fidelity fidelity = fidelity_of(given_busy(
      [](uint32_t cpu, int ms) { return is_busy(ms) && (cpu == 0 || ms < 2'000 || ms >= 2'200); }));
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::gaps)) << "and not the rate";
  EXPECT_NEAR(named(fidelity, "busy time in holes").value, 100 * 201.0 / 7'000, 0.1);
  const Measure hole = named(fidelity, "longest hole");
  EXPECT_NEAR(hole.value, 201, 0.01);
  EXPECT_THAT(hole.name, HasSubstr("CPU 1, until 2.200 s"));
}

TEST(Gaps, MayBeOfSamplesThatWereLostByName) {
  GivenCapture given = given_busy(
      [](uint32_t cpu, int ms) { return is_busy(ms) && (cpu == 0 || ms < 2'000 || ms >= 2'200); });
  uint64_t& happened = given.tally.happened[static_cast<size_t>(EventKind::sample)];
  happened = 200;  // more than there are
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), Contains(MeasureKind::gaps)) << "without a name";
  given.tally.losses["ring_full"] = 200;
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
  happened = given.tally.losses["ring_full"] = 100;
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::gaps)) << "100 of 200";
  happened = 0;
  given.tally.losses["ring_full"] = 200;
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), Contains(MeasureKind::gaps)) << "no samples";
}

TEST(Rate, DoesNotCountTimeThatAHostTook) {
  // 6 ms of each 20, as a host with other guests does.
  const Fidelity fidelity = fidelity_of(
      given_busy([](uint32_t cpu, int ms) { return is_busy(ms) && (cpu == 0 || ms % 20 >= 6); }));
  EXPECT_THAT(wrong_kinds(fidelity), testing::Not(Contains(MeasureKind::rate)));
  EXPECT_NEAR(named(fidelity, "samples of CPU 1").value, 100, 0.5);
  EXPECT_NEAR(named(fidelity, "busy time in holes").value, 17.5, 0.5);
}

TEST(Gaps, LeaveOutTheTimeInWhichNobodyRan) {
  const Fidelity fidelity = fidelity_of(given_busy([](uint32_t, int ms) { return is_busy(ms); }));
  EXPECT_NEAR(named(fidelity, "longest hole").value, 1, 0.01) << "half a second without samples";
}

TEST(Rate, IsUnavailableWhereTheClockHasNone) {
  GivenCapture given = given_busy([](uint32_t, int ms) { return is_busy(ms); });
  given.header.clock = "nmi";
  EXPECT_THAT(named(fidelity_of(given), "samples that came").unavailable, HasSubstr("NMIs"));
  EXPECT_THAT(named(fidelity_of(given), "longest hole").unavailable, HasSubstr("NMIs"));
  given.header.clock = "cycles";
  EXPECT_THAT(named(fidelity_of(given), "samples that came").unavailable, HasSubstr("cycles"));
}

TEST(Rate, IsUnavailableWhenNobodyRan) {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1'000;
  given.cpu(0).ran(7).at(1_ms).sleeps_for(0);
  EXPECT_THAT(named(fidelity_of(given), "samples that came").unavailable, HasSubstr("no CPU"));
}

TEST(Clock, IsRightWhenEverythingLiesInTheRecording) {
  const Fidelity fidelity = fidelity_of(given_busy([](uint32_t, int ms) { return is_busy(ms); }));
  EXPECT_DOUBLE_EQ(named(fidelity, "events before the recording").value, 0);
}

TEST(Clock, CatchesTimeStampsThatAreFast) {
  GivenCapture given = given_busy([](uint32_t, int ms) { return is_busy(ms); });
  given.ending.end_ns = kStart + 1'000_ms * kSeconds * 100 / 101;
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::clock));
  EXPECT_NEAR(named(fidelity, "events before the recording").value, 39.6, 0.01);
}

TEST(Clock, CatchesALoadAtWorkAfterItsEnd) {
  GivenCapture given = given_busy([](uint32_t, int ms) { return is_busy(ms); });
  Truth truth = given_truth({.tid = Tid(7), .pid = Pid(6)});
  truth.end_ns = kStart + 3'999_ms + 600_us;
  const Capture capture = given.capture();
  EXPECT_THAT(wrong_kinds(measure_fidelity(capture, truth, 0.001)), ElementsAre());
  truth.end_ns = kStart + 3'800_ms;
  const Fidelity fidelity = measure_fidelity(capture, truth, 0.001);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::clock));
  EXPECT_NEAR(named(fidelity, "the load's own code").value, 199.5, 0.01);
  truth.threads[0].pid = Pid(7);
  EXPECT_THAT(named(measure_fidelity(capture, truth, 0.001), "the load's own code").unavailable,
              HasSubstr("no sample"))
      << "it leads its process";
}

}  // namespace
}  // namespace thaw::test
