// Bisections of kernels whose truth is known: simulated ones that show a symptom with a given
// chance per trial, from a given place on. Seeds are fixed, so that a run repeats.

#include "harness/plan/bisect.h"

#include <functional>
#include <random>

#include <gtest/gtest.h>

namespace lab::test {

namespace {

using Kind = BisectStep::Kind;

/// How often a trial shows it at a place.
using Truth = std::function<double(size_t place)>;

struct Outcome {
  BisectStep::Kind kind;
  std::optional<BisectAnswer> answer;
  int trials = 0;
};

Outcome bisect(size_t places, const Truth& truth, std::mt19937_64& random, double risk = 0.05) {
  Bisection bisection(places, risk);
  std::uniform_real_distribution<double> chance;
  for (int trials = 0; trials < 5000; ++trials) {
    const BisectStep step = bisection.next();
    if (step.kind != Kind::trial) return {step.kind, bisection.answer(), trials};
    bisection.record(step.place,
                     chance(random) < truth(step.place) ? TrialCount::bad : TrialCount::clean);
  }
  ADD_FAILURE() << "no end after 5000 trials";
  return {Kind::trial, std::nullopt, 5000};
}

struct Score {
  double wrong = 0;   ///< share of answers that name another place
  double failed = 0;  ///< share without an answer
  double trials = 0;  ///< mean
};

/// Bisections with the first bad place anywhere. `rate(random)` gives each bad place's chance.
Score score(size_t places, int bisections, double good_rate,
            const std::function<double(std::mt19937_64&)>& rate) {
  std::mt19937_64 random(places);
  Score result;
  for (int i = 0; i < bisections; ++i) {
    const size_t first = std::uniform_int_distribution<size_t>(1, places - 1)(random);
    std::vector<double> rates(places, good_rate);
    for (size_t place = first; place < places; ++place) rates[place] = rate(random);
    const Outcome outcome = bisect(
        places, [&](size_t place) { return rates[place]; }, random);
    result.trials += outcome.trials;
    if (!outcome.answer)
      ++result.failed;
    else if (outcome.answer->first_bad != first || !outcome.answer->is_exact())
      ++result.wrong;
  }
  result.wrong /= bisections;
  result.failed /= bisections;
  result.trials /= bisections;
  return result;
}

Score score_at(double rate, size_t places, int bisections = 2000) {
  return score(places, bisections, 0, [rate](std::mt19937_64&) { return rate; });
}

void record(Bisection& bisection, size_t place, TrialCount count, int times) {
  for (int i = 0; i < times; ++i) bisection.record(place, count);
}

/// Both ends as they were said to be.
Bisection verified(size_t places) {
  Bisection bisection(places, 0.05);
  record(bisection, places - 1, TrialCount::bad, 5);
  record(bisection, 0, TrialCount::clean, 2);
  return bisection;
}

}  // namespace

TEST(Bisect, FindsEveryPlaceWhenTrialsNeverLie) {
  std::mt19937_64 random(1);
  for (size_t places = 2; places < 40; ++places)
    for (size_t first = 1; first < places; ++first) {
      const Outcome outcome = bisect(
          places, [=](size_t place) { return place >= first ? 1.0 : 0.0; }, random);
      ASSERT_TRUE(outcome.answer);
      EXPECT_EQ(outcome.answer->first_bad, first) << places;
      EXPECT_EQ(outcome.answer->last_good, first - 1) << places;
      EXPECT_LE(outcome.answer->risk, 0.05);
      EXPECT_LE(outcome.trials, 30);
    }
}

// The risk is 5 %; a share of 2000 that is truly 5 % is seen below 6.3 % in 99 % of runs.
TEST(Bisect, IsWrongNoMoreOftenThanTheStatedRisk) {
  for (const size_t places : {3, 22, 60})
    for (const double rate : {1.0, 0.9, 0.7, 0.5, 0.3}) {
      const Score result = score_at(rate, places);
      EXPECT_LE(result.wrong, 0.063) << places << " places at " << rate;
      EXPECT_LE(result.failed, 0.02) << places << " places at " << rate;
    }
}

TEST(Bisect, NeedsFewTrialsWhereTheSymptomIsFrequent) {
  EXPECT_LE(score_at(1, 22).trials, 20);
  EXPECT_LE(score_at(0.9, 22).trials, 24);
  EXPECT_LE(score_at(0.5, 22).trials, 60);
}

// What shows always at the end may show in two thirds of the trials elsewhere.
TEST(Bisect, ToleratesRatesThatDifferFromKernelToKernel) {
  const Score result = score(22, 2000, 0, [](std::mt19937_64& random) {
    return std::uniform_real_distribution<double>(0.5, 1)(random);
  });
  EXPECT_LE(result.wrong, 0.063);
}

TEST(Bisect, SurvivesAFalseAlarm) {
  const Score result = score(22, 2000, 0.005, [](std::mt19937_64&) { return 0.95; });
  EXPECT_LE(result.wrong + result.failed, 0.063);
}

TEST(Bisect, TriesTheBadEndThenTheGoodEndThenTheMiddle) {
  Bisection bisection(9, 0.05);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(bisection.next().place, 8U);
    EXPECT_EQ(bisection.next().role, BisectRole::bad_end);
    bisection.record(8, TrialCount::bad);
  }
  while (bisection.next().role == BisectRole::good_end) bisection.record(0, TrialCount::clean);
  EXPECT_GE(bisection.tally(0).clean, 2);
  EXPECT_EQ(bisection.next().role, BisectRole::search);
  EXPECT_NEAR(static_cast<double>(bisection.next().place), 4, 1);
}

TEST(Bisect, StaysAtAKernelUntilItIsSettled) {
  Bisection bisection = verified(9);
  const size_t middle = bisection.next().place;
  bisection.record(middle, TrialCount::clean);
  EXPECT_EQ(bisection.next().place, middle);
  record(bisection, middle, TrialCount::clean, 3);
  EXPECT_GT(bisection.next().place, middle);
}

TEST(Bisect, OnePositiveSettlesAKernel) {
  Bisection bisection = verified(9);
  const size_t middle = bisection.next().place;
  bisection.record(middle, TrialCount::bad);
  EXPECT_LT(bisection.next().place, middle);
}

TEST(Bisect, GivesUpOnABadEndThatIsClean) {
  Bisection bisection(9, 0.05);
  record(bisection, 8, TrialCount::clean, 20);
  EXPECT_EQ(bisection.next().kind, Kind::bad_end_is_clean);
}

TEST(Bisect, AsksARareSymptomForMoreTrialsAtTheBadEnd) {
  Bisection bisection(9, 0.05);
  bisection.record(8, TrialCount::bad);
  record(bisection, 8, TrialCount::clean, 19);
  EXPECT_EQ(bisection.next().role, BisectRole::bad_end);
  record(bisection, 8, TrialCount::clean, 40);
  EXPECT_EQ(bisection.next().kind, Kind::bad_end_is_clean);
}

TEST(Bisect, SaysThatTheGoodEndIsBad) {
  Bisection bisection(9, 0.05);
  record(bisection, 8, TrialCount::bad, 5);
  bisection.record(0, TrialCount::bad);
  EXPECT_EQ(bisection.next().kind, Kind::good_end_is_bad);
}

TEST(Bisect, TrialsThatSayNothingCountForNothing) {
  Bisection bisection = verified(9);
  const size_t middle = bisection.next().place;
  const double before = bisection.probability_bad(middle);
  record(bisection, middle, TrialCount::neither, kMostNeither - 1);
  EXPECT_EQ(bisection.probability_bad(middle), before);
  EXPECT_EQ(bisection.next().place, middle);
}

TEST(Bisect, GivesAKernelUpThatNeverSaysAnything) {
  Bisection bisection = verified(9);
  const size_t middle = bisection.next().place;
  record(bisection, middle, TrialCount::neither, kMostNeither);
  EXPECT_TRUE(bisection.tally(middle).skipped);
  EXPECT_NE(bisection.next().place, middle);
}

TEST(Bisect, AnUsableTrialBetweenKeepsAKernel) {
  Bisection bisection = verified(9);
  const size_t middle = bisection.next().place;
  record(bisection, middle, TrialCount::neither, kMostNeither - 1);
  bisection.record(middle, TrialCount::clean);
  record(bisection, middle, TrialCount::neither, kMostNeither - 1);
  EXPECT_FALSE(bisection.tally(middle).skipped);
}

TEST(Bisect, SkippedKernelsMakeTheAnswerARange) {
  // Bad from place 5 on; 4 and 5 cannot be had.
  Bisection bisection(9, 0.05);
  bisection.skip(4, "gone");
  bisection.skip(5, "gone");
  for (int trials = 0; trials < 100 && bisection.next().kind == Kind::trial; ++trials) {
    const size_t place = bisection.next().place;
    ASSERT_FALSE(bisection.tally(place).skipped);
    bisection.record(place, place >= 5 ? TrialCount::bad : TrialCount::clean);
  }
  const auto answer = bisection.answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->last_good, 3U);
  EXPECT_EQ(answer->first_bad, 6U);
  EXPECT_FALSE(answer->is_exact());
}

TEST(Bisect, SkippedKernelsElsewhereDoNotMatter) {
  Bisection bisection(9, 0.05);
  for (const size_t place : {1, 2, 4, 7}) bisection.skip(place, "gone");
  for (int trials = 0; trials < 100 && bisection.next().kind == Kind::trial; ++trials) {
    const size_t place = bisection.next().place;
    bisection.record(place, place >= 6 ? TrialCount::bad : TrialCount::clean);
  }
  ASSERT_TRUE(bisection.answer());
  EXPECT_TRUE(bisection.answer()->is_exact());
  EXPECT_EQ(bisection.answer()->first_bad, 6U);
}

TEST(Bisect, CannotWorkWithoutItsEnds) {
  Bisection bisection(9, 0.05);
  bisection.skip(8, "gone");
  EXPECT_EQ(bisection.next().kind, Kind::end_cannot_be_had);
  EXPECT_EQ(bisection.next().place, 8U);
}

TEST(Bisect, WhatIsRecordedAgainLeadsToTheSamePlace) {
  std::mt19937_64 random(7);
  std::bernoulli_distribution shows(0.7);
  Bisection first(22, 0.05);
  std::vector<std::pair<size_t, TrialCount>> log;
  while (first.next().kind == Kind::trial && log.size() < 25) {
    const size_t place = first.next().place;
    log.emplace_back(place, place >= 9 && shows(random) ? TrialCount::bad : TrialCount::clean);
    first.record(place, log.back().second);
  }
  Bisection again(22, 0.05);
  for (const auto& [place, count] : log) again.record(place, count);
  EXPECT_EQ(again.next().place, first.next().place);
  EXPECT_EQ(again.next().role, first.next().role);
}

TEST(Bisect, StepsLeftGoDownToNothing) {
  Bisection bisection = verified(33);
  EXPECT_EQ(bisection.steps_left(), 5);
  int last = bisection.steps_left();
  while (bisection.next().kind == Kind::trial) {
    const size_t place = bisection.next().place;
    bisection.record(place, place >= 20 ? TrialCount::bad : TrialCount::clean);
    EXPECT_LE(bisection.steps_left(), last + 1);
    last = bisection.steps_left();
  }
  EXPECT_EQ(last, 0);
}

}  // namespace lab::test
