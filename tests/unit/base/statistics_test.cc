// Exact tails, against numbers that can be worked out by hand.

#include "profiler/base/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace thaw {
namespace {

TEST(BinomialP, IsTheExactTailOfBothEnds) {
  EXPECT_NEAR(binomial_p(0, 10, 0.5, 0.5), 2 * std::pow(0.5, 10), 1e-15);
  EXPECT_NEAR(binomial_p(10, 10, 0.5, 0.5), 2 * std::pow(0.5, 10), 1e-15);
  EXPECT_DOUBLE_EQ(binomial_p(5, 10, 0.5, 0.5), 1);
  EXPECT_DOUBLE_EQ(binomial_p(0, 0, 0.5, 0.5), 1);
}

TEST(BinomialP, TakesTheLikeliestOfARange) {
  EXPECT_GT(binomial_p(45, 100, 0.4, 0.5), 0.9);
  EXPECT_DOUBLE_EQ(binomial_p(60, 100, 0.4, 0.5), binomial_p(60, 100, 0.5, 0.5));
  EXPECT_DOUBLE_EQ(binomial_p(3, 100, 0, 0), 0);
  EXPECT_DOUBLE_EQ(binomial_p(100, 100, 1, 1), 1);
  EXPECT_DOUBLE_EQ(binomial_p(99, 100, 1, 1), 0);
}

TEST(BinomialCounts, AgreeWithTheP) {
  for (const double alpha : {1e-2, 1e-5, 1e-9}) {
    const CountRange range = binomial_counts(20'000, 0.7, 0.7, alpha);
    const auto least = static_cast<uint64_t>(range.least);
    const auto most = static_cast<uint64_t>(range.most);
    EXPECT_LT(binomial_p(least - 1, 20'000, 0.7, 0.7), alpha);
    EXPECT_LT(binomial_p(most + 1, 20'000, 0.7, 0.7), alpha);
    EXPECT_GT(binomial_p(least + 2, 20'000, 0.7, 0.7), alpha) << "and no wider than it must be";
    EXPECT_GT(binomial_p(most - 2, 20'000, 0.7, 0.7), alpha);
  }
}

TEST(BinomialCounts, AreAllOrNothingAtTheBorders) {
  EXPECT_DOUBLE_EQ(binomial_counts(10, 0, 0, 1e-5).most, 0);
  EXPECT_DOUBLE_EQ(binomial_counts(10, 1, 1, 1e-5).least, 10);
  EXPECT_DOUBLE_EQ(binomial_counts(10, 0.99, 1, 1e-5).most, 10);
}

TEST(PoissonP, IsTheExactTail) {
  EXPECT_NEAR(poisson_p(0, 20, 20), 2 * std::exp(-20.0), 1e-15);
  EXPECT_LT(poisson_p(797, 997, 997), 1e-9);
  EXPECT_GT(poisson_p(960, 997, 997), 0.1);
  const CountRange range = poisson_counts(950, 1047, 1e-6);
  EXPECT_LT(poisson_p(static_cast<uint64_t>(range.least) - 1, 950, 1047), 1e-6);
  EXPECT_GT(poisson_p(static_cast<uint64_t>(range.least) + 2, 950, 1047), 1e-6);
}

TEST(GTest, FindsCountsThatDoNotFollow) {
  const std::vector<double> shares{0.7, 0.2, 0.1};
  const std::vector<uint64_t> right{7'020, 1'990, 990};
  const std::vector<uint64_t> wrong{7'400, 1'800, 800};
  EXPECT_GT(g_test(right, shares, 0, 1e-5).p, 0.5);
  EXPECT_LT(g_test(right, shares, 0, 1e-5).w, g_test(right, shares, 0, 1e-5).most_w);
  const thaw::GTest test = g_test(wrong, shares, 0, 1e-5);
  EXPECT_LT(test.p, 1e-10);
  EXPECT_GT(test.w, test.most_w);
  // (0.04² / 0.7 + 0.02² / 0.2 + 0.02² / 0.1)^½
  EXPECT_NEAR(test.w, std::sqrt(0.0016 / 0.7 + 0.0004 / 0.2 + 0.0004 / 0.1), 1e-12);
}

TEST(GTest, PutsSmallCellsTogether) {
  const std::vector<double> shares{0.5, 0.49, 0.005, 0.005};
  EXPECT_EQ(g_test(std::vector<uint64_t>{500, 490, 5, 5}, shares, 0, 1e-5).cells, 2);
  EXPECT_EQ(g_test(std::vector<uint64_t>{5'000, 4'900, 50, 50}, shares, 0, 1e-5).cells, 4);
  EXPECT_DOUBLE_EQ(g_test(std::vector<uint64_t>{5, 4, 0, 0}, shares, 0, 1e-5).p, 1)
      << "too few to say anything";
}

TEST(GTest, SparesAnErrorOfTheProbabilities) {
  const std::vector<double> shares{0.5, 0.5};
  const std::vector<uint64_t> counts{505'000, 495'000};  // 1 % off
  EXPECT_LT(g_test(counts, shares, 0, 1e-5).p, 1e-10);
  EXPECT_GT(g_test(counts, shares, 0.01, 1e-5).p, 1e-3);
}

}  // namespace
}  // namespace thaw
