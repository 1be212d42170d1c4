// Expected numbers come from tables and closed forms, not from the code under test.

#include "harness/verdict/statistics.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace lab::test {

TEST(BinomialInterval, IsClopperPearson) {
  // 4 of 20 at 95 %: 0.0573 to 0.4366 (Clopper & Pearson 1934, by exact tables).
  const Probability p = binomial_interval(4, 20, 0.95);
  EXPECT_DOUBLE_EQ(p.estimate, 0.2);
  EXPECT_NEAR(p.low, 0.0573, 0.0001);
  EXPECT_NEAR(p.high, 0.4366, 0.0001);
}

TEST(BinomialInterval, OfZeroIsTheRuleOfThree) {
  const Probability p = binomial_interval(0, 200, 0.95);
  EXPECT_EQ(p.low, 0);
  EXPECT_NEAR(p.high, 1 - std::pow(0.05, 1.0 / 200), 1e-9);
  EXPECT_NEAR(p.high, 3.0 / 200, 0.0002);
}

TEST(BinomialInterval, OfAllEndsAtOne) {
  const Probability p = binomial_interval(10, 10, 0.95);
  EXPECT_EQ(p.high, 1);
  EXPECT_NEAR(p.low, std::pow(0.05, 1.0 / 10), 1e-9);
}

TEST(BinomialInterval, OfNothingSaysNothing) {
  const Probability p = binomial_interval(0, 0, 0.95);
  EXPECT_EQ(p.low, 0);
  EXPECT_EQ(p.high, 1);
}

TEST(TrialsToExclude, AreEnoughAndNotOneMore) {
  EXPECT_EQ(trials_to_exclude(0.8, 0.95), 2);  // 0.2² = 0.04
  EXPECT_EQ(trials_to_exclude(0.5, 0.95), 5);
  EXPECT_EQ(trials_to_exclude(0.01, 0.95), 299);
  EXPECT_EQ(trials_to_exclude(1, 0.95), 1);
  EXPECT_FALSE(trials_to_exclude(0, 0.95));
  EXPECT_LE(std::pow(0.99, 299), 0.05);
  EXPECT_GT(std::pow(0.99, 298), 0.05);
}

TEST(FisherExact, IsTheTeaTastersProbability) {
  // 3 of 4 against 1 of 4: 2 · (16 + 1) / 70.
  EXPECT_NEAR(fisher_exact(3, 4, 1, 4), 34.0 / 70, 1e-9);
  EXPECT_NEAR(fisher_exact(4, 4, 0, 4), 2.0 / 70, 1e-9);
  EXPECT_EQ(fisher_exact(0, 5, 0, 9), 1);
  EXPECT_EQ(fisher_exact(0, 0, 3, 9), 1);
}

TEST(VarianceBetween, IsZeroWhereChanceExplainsIt) {
  const Group same[] = {{5, 10}, {4, 10}, {6, 10}, {5, 10}, {5, 10}};
  EXPECT_EQ(variance_between(same, 5), 0);
  const Group apart[] = {{0, 10}, {10, 10}, {0, 10}, {10, 10}};
  EXPECT_GT(variance_between(apart, 4), 0.2);
  EXPECT_EQ(variance_between(apart, 1), 0);
}

TEST(SequentialTest, AnswersWithTheRisksThatItPromises) {
  std::mt19937_64 random(7);
  const auto wrong = [&](double truth, SequentialTest::Answer mistake) {
    int mistakes = 0;
    for (int run = 0; run < 4000; ++run) {
      SequentialTest test(0.02, 0.2, 0.05, 0.05);
      std::bernoulli_distribution shows(truth);
      while (test.answer() == SequentialTest::Answer::undecided) test.add(shows(random));
      mistakes += test.answer() == mistake;
    }
    return mistakes / 4000.0;
  };
  // 4,000 runs: standard deviation of a 5 % share 0.35 %.
  EXPECT_LE(wrong(0.02, SequentialTest::Answer::often), 0.065);
  EXPECT_LE(wrong(0.2, SequentialTest::Answer::rare), 0.065);
}

}  // namespace lab::test
