// Periods against a timer that does what the kernel's does: it starts anew with each period that it
// is given, and goes on with it.

#include "profiler/capture/sample_periods.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

/// Times of samples in `seconds`; the recorder comes by every `round_ns` and some more.
std::vector<int64_t> samples_of(uint32_t hz, uint32_t seed, int seconds,
                                int64_t round_ns = 20'000'000) {
  std::mt19937_64 lateness(seed + 1);
  thaw::PeriodWalk walk(hz, seed, 0);
  std::vector<int64_t> samples;
  int64_t now_ns = 7 * kSecondNs;
  const int64_t end_ns = now_ns + seconds * kSecondNs;
  auto period_ns = static_cast<int64_t>(walk.begin(now_ns));
  int64_t next_ns = now_ns + period_ns;
  while (now_ns < end_ns) {
    now_ns += round_ns + static_cast<int64_t>(lateness() % 500'000);
    for (; next_ns <= now_ns; next_ns += period_ns) samples.push_back(next_ns);
    if (const auto drawn = walk.next(now_ns)) {
      period_ns = static_cast<int64_t>(*drawn);
      next_ns = now_ns + period_ns;
    }
  }
  return samples;
}

double per_second(const std::vector<int64_t>& samples, int seconds) {
  return static_cast<double>(samples.size()) / seconds;
}

/// How much of the samples a load of frequency `hz` draws to one phase: 0 when they are even, 1
/// when all see the same. Of n independent samples its square is 1/n on average.
double concentration(const std::vector<int64_t>& samples, double hz) {
  double cosines = 0, sines = 0;
  for (const int64_t time_ns : samples) {
    const double turn =
        2 * std::numbers::pi * std::fmod(static_cast<double>(time_ns) / 1e9 * hz, 1);
    cosines += std::cos(turn), sines += std::sin(turn);
  }
  return std::hypot(cosines, sines) / static_cast<double>(samples.size());
}

class PeriodWalk : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Rates, PeriodWalk, testing::Values(1, 99, 997, 4000, 49'999));

// What is paid back is at most a quarter of sixteen samples, and a period of 32 samples may be off
// by a third: so many samples at the end. One in a thousand for what is beyond: a period that is
// held for longer than was planned.
TEST_P(PeriodWalk, KeepsTheRate) {
  const uint32_t hz = GetParam();
  for (uint32_t seed = 1; seed <= 20; seed++) {
    const int seconds = hz == 1 ? 5000 : 60;
    EXPECT_NEAR(per_second(samples_of(hz, seed, seconds), seconds), hz, hz * 1e-3 + 20.0 / seconds)
        << "seed " << seed;
  }
}

TEST(PeriodWalkOf, KeepsTheRateWhenTheRecorderIsLate) {
  for (uint32_t seed = 1; seed <= 20; seed++)
    EXPECT_NEAR(per_second(samples_of(997, seed, 200, 150'000'000), 200), 997, 0.01 * 997);
}

// The mean square over many seeds: twice that of independent samples is what sample_periods.cc
// derives for the rate itself, 2.5 times for the worst frequency; 400 seeds leave a standard error
// of a fifth of it at most, since it is a mean over squares that spread as far as themselves and
// twice.
TEST(PeriodWalkOf, LetsNoLoadBeInStep) {
  for (const double load_hz : {997.0, 997.0 / 1.25, 1994.0, 250.0, 1000.0, 2.5 * 997}) {
    double squares = 0;
    size_t samples = 0;
    for (uint32_t seed = 1; seed <= 400; seed++) {
      const std::vector<int64_t> times = samples_of(997, seed, 2);
      samples = times.size();
      squares += std::pow(concentration(times, load_hz), 2) / 400;
    }
    EXPECT_LT(squares * static_cast<double>(samples), 2.5 * 1.6) << load_hz << " Hz";
  }
}

// The test of the test: a timer that nobody gives new periods is in step.
TEST(PeriodWalkOf, WouldBeInStepWithoutNewPeriods) {
  std::vector<int64_t> samples;
  for (int64_t at = 0; at < 2000; at++) samples.push_back(at * (kSecondNs / 997));
  EXPECT_GT(concentration(samples, 1e9 / static_cast<double>(kSecondNs / 997)), 0.99);
}

TEST(PeriodWalkOf, IsGivenByItsSeed) {
  EXPECT_EQ(samples_of(997, 5, 1), samples_of(997, 5, 1));
  EXPECT_NE(samples_of(997, 5, 1), samples_of(997, 6, 1));
  thaw::PeriodWalk one(997, 5, 0), other(997, 5, 1);
  EXPECT_NE(one.begin(0), other.begin(0));
}

TEST(PeriodWalkOf, AsksForNothingThatTheKernelWouldRefuse) {
  thaw::PeriodWalk walk(50'000, 1, 0);
  int64_t now_ns = 0;
  uint64_t period_ns = walk.begin(now_ns);
  for (int round = 0; round < 10'000; round++) {
    EXPECT_GE(period_ns, 10'000u);
    EXPECT_LE(period_ns, 40'000u);
    if (const auto drawn = walk.next(now_ns += 1'000'000)) period_ns = *drawn;
  }
}

TEST(ThinnedPeriods, LeaveTheRateThatWasAskedFor) {
  for (uint32_t seed = 1; seed <= 50; seed++) {
    thaw::ThinnedPeriods periods(997, seed, {0, 3});
    for (const uint32_t cpu : {0u, 3u}) {
      const auto period_ns = static_cast<double>(periods.period_ns(cpu));
      EXPECT_GE(period_ns, 0.75e9 / 997 - 1);
      EXPECT_LE(period_ns, 1e9 / 997);
      const auto timers = static_cast<int>(100e9 / period_ns);
      int kept = 0;
      for (int timer = 0; timer < timers; timer++) kept += periods.keeps(cpu);
      // Five standard deviations of a binomial count of 133,000 at most, three quarters of them
      // kept.
      EXPECT_NEAR(kept, 99'700, 5 * std::sqrt(timers * 0.75 * 0.25));
    }
  }
}

TEST(ThinnedPeriods, DifferByCpuAndSeed) {
  const thaw::ThinnedPeriods one(997, 1, {0, 1}), other(997, 2, {0, 1});
  EXPECT_NE(one.period_ns(0), one.period_ns(1));
  EXPECT_NE(one.period_ns(0), other.period_ns(0));
}

}  // namespace
