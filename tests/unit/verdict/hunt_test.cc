// A hunt is fed trials that show or do not, and asked when it is over and what it says.

#include "harness/verdict/hunt.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

namespace lab::test {

/// Plays a hunt; `shows(boot, trial)` says what each trial shows, counted from 0.
HuntResult play(const HuntRule& rule, const std::function<bool(uint64_t, uint64_t)>& shows) {
  Hunt hunt(rule);
  uint64_t trial = 0;
  for (uint64_t boot = 0; !hunt.is_over(); ++boot) {
    const uint64_t batch = hunt.next_batch();
    hunt.begin_boot();
    for (uint64_t i = 0; i < batch && (i == 0 || !hunt.is_over()); ++i)
      hunt.add(shows(boot, trial++));
  }
  return hunt.result();
}

bool always(uint64_t, uint64_t) {
  return true;
}
bool never(uint64_t, uint64_t) {
  return false;
}

TEST(Hunt, OfSomethingCommonStillTriesFiveBoots) {
  const HuntResult result = play({}, always);
  EXPECT_EQ(result.stopped_by, "sequential test");
  EXPECT_EQ(result.boots.size(), 5u);
  EXPECT_EQ(result.trials, 10u);
  EXPECT_EQ(result.reproduced, 10u);
  EXPECT_EQ(result.probability.high, 1);
  EXPECT_GT(result.probability.low, 0.7);
}

TEST(Hunt, OfNothingEndsWithABound) {
  const HuntResult result = play({}, never);
  EXPECT_EQ(result.stopped_by, "sequential test");
  EXPECT_GE(result.boots.size(), 5u);
  EXPECT_EQ(result.reproduced, 0u);
  EXPECT_LT(result.probability.high, 0.05);
  EXPECT_FALSE(result.trials_to_prove_fix);
}

TEST(Hunt, CountsWhatItIsToldToCount) {
  const HuntResult result = play({.trials = 200}, never);
  EXPECT_EQ(result.stopped_by, "count");
  EXPECT_EQ(result.trials, 200u);
  ASSERT_EQ(result.boots.size(), 5u);
  for (const Group& boot : result.boots) EXPECT_EQ(boot.trials, 40u);
  EXPECT_NEAR(result.probability.high, 0.0149, 0.0001);
  EXPECT_EQ(play({.trials = 7}, never).trials, 7u) << "no multiple of the boots";
  EXPECT_EQ(play({.trials = 3}, never).boots.size(), 3u);
}

TEST(Hunt, UntilFoundEndsAtTheFirstSighting) {
  const HuntResult result =
      play({.until_found = true}, [](uint64_t, uint64_t trial) { return trial == 2; });
  EXPECT_EQ(result.stopped_by, "found");
  EXPECT_EQ(result.trials, 3u);
  EXPECT_EQ(result.reproduced, 1u);
}

TEST(Hunt, EndsWhenTheTestCannotDecide) {
  // About one in fifty, between rare and often.
  const HuntResult result =
      play({.most_trials = 120}, [](uint64_t, uint64_t trial) { return trial % 50 == 20; });
  EXPECT_LE(result.trials, 120u);
  EXPECT_GT(result.probability.low, 0);
}

TEST(Hunt, ThatIsCutShortIsNotComplete) {
  Hunt hunt({.trials = 200});
  hunt.begin_boot();
  for (int trial = 0; trial < 40; ++trial) hunt.add(false);
  EXPECT_FALSE(hunt.result().is_complete);
  EXPECT_TRUE(play({.trials = 7}, never).is_complete);
}

TEST(Hunt, SeesThatBootsDiffer) {
  const auto by_boot = [](uint64_t boot, uint64_t) { return boot % 2 == 0; };
  EXPECT_GT(play({.trials = 50}, by_boot).between_boots, 0.3);
  const auto evenly = [](uint64_t, uint64_t trial) { return trial % 2 == 0; };
  EXPECT_EQ(play({.trials = 50}, evenly).between_boots, 0);
}

TEST(Hunt, SaysHowManyTrialsProveAFix) {
  const HuntResult result = play({}, always);
  ASSERT_TRUE(result.trials_to_prove_fix);
  EXPECT_LE(std::pow(1 - result.probability.low, *result.trials_to_prove_fix), 0.05);
}

TEST(Hunt, TakesOnlyFindingsForSightings) {
  EXPECT_TRUE(is_finding(VerdictKind::freeze) && is_finding(VerdictKind::hang));
  EXPECT_FALSE(is_finding(VerdictKind::infra) || is_finding(VerdictKind::pass));
  EXPECT_FALSE(is_conclusive(VerdictKind::infra) || is_conclusive(VerdictKind::incapable));
  EXPECT_TRUE(is_conclusive(VerdictKind::pass));
}

}  // namespace lab::test
