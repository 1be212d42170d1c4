// Machines that do not talk to each other must agree on who plays what.

#include "harness/plan/shards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace lab::test {
namespace {

using testing::ElementsAre;

/// `cases` times `kernels`, each `repeat` times, repetitions going round as plan_runs() does.
std::vector<PlannedRun> plan(int cases, int kernels, int repeat, double seconds = 10) {
  std::vector<PlannedRun> runs;
  for (int n = 1; n <= repeat; n++)
    for (int c = 0; c < cases; c++)
      for (int k = 0; k < kernels; k++) {
        PlannedRun run;
        run.test.name = fmt::format("case-{}", c);
        run.test.run.duration_s = seconds * (1 + c);
        run.kernel = {.provider = "debian", .release = fmt::format("6.{}", k)};
        run.repetition = n;
        run.id = fmt::format("{}-{}-{}", run.test.name, run.kernel.release, n);
        runs.push_back(run);
      }
  return runs;
}

double seconds_of(const std::vector<PlannedRun>& runs, const std::vector<size_t>& share) {
  double sum = 0;
  for (const size_t i : share) sum += expected_seconds(runs[i]);
  return sum;
}

TEST(Shards, HaveEachRunOnce) {
  const auto runs = plan(5, 7, 2);
  for (const int shards : {1, 2, 3, 16, 100}) {
    std::vector<size_t> all;
    for (const auto& share : divide(runs, shards))
      all.insert(all.end(), share.begin(), share.end());
    std::ranges::sort(all);
    std::vector<size_t> expected(runs.size());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(all, expected) << shards;
  }
}

TEST(Shards, AreTheSameEachTime) {
  EXPECT_EQ(divide(plan(5, 7, 2), 4), divide(plan(5, 7, 2), 4));
}

TEST(Shards, EndAtAboutTheSameTime) {
  const auto runs = plan(9, 11, 1);
  const auto shares = divide(runs, 4);
  double longest = 0;
  double sum = 0;
  for (const auto& share : shares) {
    longest = std::max(longest, seconds_of(runs, share));
    sum += seconds_of(runs, share);
  }
  EXPECT_LE(longest, sum / 4 * 4 / 3) << "Graham's bound, where the best is an even division";
}

TEST(Shards, KeepWhatIsHeldAgainstEachOther) {
  const auto runs = plan(4, 4, 3);
  for (const auto& share : divide(runs, 5)) {
    std::map<std::string, int> times;
    for (const size_t i : share) times[runs[i].test.name + runs[i].kernel.release]++;
    for (const auto& [what, count] : times) EXPECT_EQ(count, 3) << what;
  }
}

TEST(Shards, OfAShortPlanMayBeEmpty) {
  const auto shares = divide(plan(1, 1, 1), 3);
  ASSERT_EQ(shares.size(), 3u);
  EXPECT_THAT(shares[0], ElementsAre(0u));
  EXPECT_TRUE(shares[1].empty() && shares[2].empty());
}

}  // namespace
}  // namespace lab::test
