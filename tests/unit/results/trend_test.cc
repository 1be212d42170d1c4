// What a change is called, how often chance alone is called worse, and what a true shift is called.

#include <array>
#include <cmath>
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/margins.h"
#include "harness/results/trend.h"
#include "profiler/base/statistics.h"

namespace lab::test {

using Values = std::vector<double>;

constexpr double kMargin = 1;
constexpr double kAlpha = 1e-4 / 30;  // thirty measures are what a run has

Trend trend_of(const Values& before, const Values& now) {
  return stand_of(before, now, kMargin, kAlpha).trend;
}

/// Twenty runs around `mean` that scatter by `scatter`, evenly.
Values around(double mean, double scatter) {
  Values values;
  for (int i = 0; i < 10; i++)
    for (const double sign : {-1.0, 1.0}) values.push_back(mean + sign * scatter);
  return values;
}

TEST(Trend, NothingIsDecidedByFewRuns) {
  EXPECT_EQ(trend_of(Values(kLeastRuns - 1, 0), {1000}), Trend::undecided);
  EXPECT_EQ(trend_of(Values(kLeastRuns, 0), {1000}), Trend::worse);
}

TEST(Trend, ChangeWithinTheMarginIsEquivalentHoweverCertain) {
  EXPECT_EQ(trend_of(around(5, 0.001), {5.7}), Trend::equivalent);
  EXPECT_EQ(trend_of(around(5, 0.001), {4.3}), Trend::equivalent);
}

TEST(Trend, LargeChangeIsWorseOrBetterByItsSign) {
  EXPECT_EQ(trend_of(around(5, 0.1), {8}), Trend::worse);
  EXPECT_EQ(trend_of(around(5, 0.1), {2}), Trend::better);
}

TEST(Trend, ScatterThatHidesTheMarginIsUndecided) {
  EXPECT_EQ(trend_of(around(5, 2), {5}), Trend::undecided);
  EXPECT_EQ(trend_of(around(5, 2), {12}), Trend::undecided);
  EXPECT_EQ(trend_of(around(5, 2), {50}), Trend::worse);
}

TEST(Trend, OfSeveralRunsEachMustBeWorse) {
  EXPECT_EQ(trend_of(around(0, 0.1), {30, 30, 30}), Trend::worse);
  EXPECT_NE(trend_of(around(0, 0.1), {30, 30, 0}), Trend::worse) << "an accident of two runs";
}

TEST(Trend, BaselineWithoutScatterIsNoProofThatThereIsNone) {
  const Values zeros(20, 0);
  EXPECT_EQ(trend_of(zeros, {0}), Trend::equivalent);
  EXPECT_EQ(trend_of(zeros, {1.1}), Trend::undecided)
      << "beyond the margin, by less than chance may";
  EXPECT_EQ(trend_of(zeros, {3.1}), Trend::worse);
}

TEST(Trend, LimitsHoldTheChange) {
  const Stand stand = stand_of(around(5, 0.5), std::array{6.0}, kMargin, kAlpha);
  EXPECT_DOUBLE_EQ(stand.mean, 5);
  EXPECT_DOUBLE_EQ(stand.change, 1);
  EXPECT_LT(stand.at_least, 1);
  EXPECT_GT(stand.at_most, 1);
  EXPECT_DOUBLE_EQ(stand.least, 4.5);
  EXPECT_DOUBLE_EQ(stand.most, 5.5);
}

/// Shapes of scatter, each with mean 0 and deviation 1.
struct Shape {
  const char* name;
  std::function<double(std::mt19937_64&)> draw;
};
std::array<Shape, 4> shapes() {
  constexpr double kEuler = 0.5772156649015329;
  const auto exponential = [](std::mt19937_64& random) {
    return std::exponential_distribution<double>(1)(random);
  };
  return {
      {{"normal",
        [](std::mt19937_64& random) { return std::normal_distribution<double>()(random); }},
       {"two-sided exponential",
        [=](std::mt19937_64& random) {
          return (exponential(random) - exponential(random)) / std::sqrt(2.0);
        }},
       {"exponential, upwards", [=](std::mt19937_64& random) { return exponential(random) - 1; }},
       {"longest of many holes",  // Gumbel's
        [=](std::mt19937_64& random) {
          return (-std::log(exponential(random)) - kEuler) / (M_PI / std::sqrt(6.0));
        }}}};
}

struct Rates {
  uint64_t worse = 0;  ///< sessions in which any measure was called worse
  uint64_t equivalent = 0;
};
/// Sessions of one run and `measures` measures, whose true change is `change`, against baselines of
/// `runs` runs; the scatter is `scatter`.
Rates try_often(const Shape& shape, uint64_t sessions, size_t runs, size_t measures, double change,
                double scatter) {
  std::mt19937_64 random(runs * 1000 + measures);
  Values before(runs);
  Rates rates;
  for (uint64_t session = 0; session < sessions; session++) {
    bool is_worse = false;
    for (size_t measure = 0; measure < measures; measure++) {
      for (double& value : before) value = scatter * shape.draw(random);
      const Values now{change + scatter * shape.draw(random)};
      const Trend trend =
          stand_of(before, now, kMargin, kTrendAlpha / static_cast<double>(measures)).trend;
      is_worse = is_worse || trend == Trend::worse;
      rates.equivalent += trend == Trend::equivalent ? 1 : 0;
    }
    rates.worse += is_worse ? 1 : 0;
  }
  return rates;
}

/// So many of `sessions` may be called worse before a rate of kTrendAlpha is refuted at 1e-6.
uint64_t most_alarms(uint64_t sessions) {
  return static_cast<uint64_t>(
      thaw::binomial_counts(sessions, kTrendAlpha, kTrendAlpha, 1e-6).most);
}

// The claim: at most kTrendAlpha of sessions in which no measure is worse by more than its margin
// are called worse. The hardest of these are those in which every measure is worse by exactly that.
TEST(TrendAlarm, IsAsRareAsSaid) {
  constexpr uint64_t kSessions = 10'000;
  for (const Shape& shape : shapes())
    for (const size_t runs : {size_t{8}, size_t{20}, size_t{40}})
      EXPECT_LE(try_often(shape, kSessions, runs, 10, kMargin, 3).worse, most_alarms(kSessions))
          << shape.name << ", " << runs << " runs";
}

TEST(TrendAlarm, IsNoneWhereNothingChanged) {
  for (const Shape& shape : shapes())
    EXPECT_EQ(try_often(shape, 5'000, 12, 10, 0, 0.3).worse, 0u) << shape.name;
}

TEST(TrendPower, SeesAShiftThatIsLargeForItsScatter) {
  for (const Shape& shape : shapes()) {
    EXPECT_GE(try_often(shape, 1'000, 20, 1, kMargin + 50 * 0.1, 0.1).worse, 900u) << shape.name;
    EXPECT_LE(try_often(shape, 1'000, 20, 1, kMargin, 0.1).worse, 1u) << shape.name;
  }
}

TEST(TrendPower, CallsUnchangedEquivalentAndAMarginOfChangeSeldom) {
  const auto most = static_cast<uint64_t>(
      thaw::binomial_counts(10'000, kEquivalenceAlpha, kEquivalenceAlpha, 1e-6).most);
  for (const Shape& shape : shapes()) {
    EXPECT_GE(try_often(shape, 1'000, 20, 1, 0, 0.2).equivalent, 950u) << shape.name;
    EXPECT_LE(try_often(shape, 10'000, 20, 1, kMargin, 0.2).equivalent, most) << shape.name;
  }
}

TEST(Margins, AreThereForEveryKindAndSayWhy) {
  for (const Margin& margin : margins()) {
    EXPECT_GT(margin.absolute, 0) << margin.kind;
    EXPECT_NE(std::string(margin.reason), "") << margin.kind;
    EXPECT_EQ(margin_for(margin.kind, margin.unit), &margin) << "twice: " << margin.kind;
  }
  EXPECT_EQ(margin_for("shares", "%"), nullptr) << "shares of single functions are not compared";
  EXPECT_DOUBLE_EQ(width_of(*margin_for("cost", "instructions"), 2000), 100);
  EXPECT_DOUBLE_EQ(width_of(*margin_for("cost", "instructions"), -10), 20);
}

}  // namespace lab::test
