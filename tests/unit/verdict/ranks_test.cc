// Rank tests against values that others computed, and the correction against its definition.

#include <gtest/gtest.h>

#include "harness/verdict/ranks.h"

namespace lab::test {

using Values = std::vector<double>;

TEST(MannWhitney, IsExactForFewValues) {
  // by counting(c(1,2,3), c(4,5,6)): p-value = 0.1, the least there is for 3 and 3.
  const auto apart = mann_whitney(Values{1, 2, 3}, Values{4, 5, 6});
  ASSERT_TRUE(apart);
  EXPECT_NEAR(apart->p, 0.1, 1e-12);
  EXPECT_EQ(apart->greater, 1);
  // by counting(c(1.1,2.2,3.3,4.4), c(0.5,2.5,3.5,9)): W = 7, p-value = 0.8857.
  const auto mixed = mann_whitney(Values{1.1, 2.2, 3.3, 4.4}, Values{0.5, 2.5, 3.5, 9});
  EXPECT_NEAR(mixed->p, 0.8857142857, 1e-9);
  EXPECT_NEAR(mixed->greater, 9.0 / 16, 1e-12);
}

TEST(MannWhitney, ApproximatesManyValuesAndTies) {
  Values low;
  Values high;
  for (int i = 0; i < 30; ++i) {
    low.push_back(i);
    high.push_back(i + 20);
  }
  EXPECT_LT(mann_whitney(low, high)->p, 1e-5);
  EXPECT_GT(mann_whitney(low, low)->p, 0.99);
  EXPECT_EQ(mann_whitney(Values(5, 7.0), Values(5, 7.0))->p, 1) << "all equal";
  // By hand: ranks of the second sample 3, 5.5, 5.5, 7 and so U = 11, mean 6, variance 8 less the
  // ties 2·6/(12·42)·12 = 7.71: z = (5 - 0.5) / 2.777 = 1.62, p = 0.105.
  EXPECT_NEAR(mann_whitney(Values{1, 2, 3}, Values{2.5, 3.5, 3.5, 4})->p, 0.105, 0.005);
}

TEST(MannWhitney, SaysNothingAboutNothing) {
  EXPECT_FALSE(mann_whitney(Values{}, Values{1}));
  EXPECT_FALSE(mann_whitney(Values{1}, Values{}));
}

TEST(Holm, MultipliesTheSmallestMost) {
  const Values adjusted = holm(Values{0.04, 0.01, 0.03});
  EXPECT_NEAR(adjusted[1], 0.03, 1e-12);
  EXPECT_NEAR(adjusted[2], 0.06, 1e-12);
  EXPECT_NEAR(adjusted[0], 0.06, 1e-12) << "never less than that of a smaller p";
  EXPECT_EQ(holm(Values{0.9, 0.8})[0], 1);
  EXPECT_TRUE(holm(Values{}).empty());
}

TEST(LeastFisher, TellsCellsThatCanShowNothing) {
  EXPECT_EQ(least_fisher(0, 10, 10), 1);
  EXPECT_EQ(least_fisher(1, 1, 1), 1) << "one run each proves nothing";
  EXPECT_GT(least_fisher(1, 20, 20), 0.05);
  EXPECT_LT(least_fisher(10, 10, 10), 0.001);
}

TEST(TrialsToTell, FollowsTheShares) {
  EXPECT_EQ(trials_to_tell(0, 1, 1, 1, 0.05), 4u);  // 0 of 4 and 4 of 4: p = 1/35
  EXPECT_GT(trials_to_tell(1, 20, 3, 20, 0.05).value(), 50u);
  EXPECT_FALSE(trials_to_tell(1, 2, 1, 2, 0.05));
  EXPECT_FALSE(trials_to_tell(0, 0, 1, 1, 0.05));
}

}  // namespace lab::test
