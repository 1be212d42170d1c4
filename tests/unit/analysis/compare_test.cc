// Changes between two captures: which are told from chance, and what is summed up.

#include "profiler/analysis/compare.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/support/made_up_captures.h"
#include "tests/support/seed.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CompareShares, IsTheChiSquaredTestWithNMinusOne) {
  const ShareChange change = compare_shares({10, 20}, {100, 100});
  EXPECT_DOUBLE_EQ(change.points, 10);
  // 199 · (10·80 − 20·90)² / (100·100·30·170) = 3.902, of one degree of freedom.
  EXPECT_NEAR(change.p, 0.04823, 0.00001);
}

TEST(CompareShares, DoesNotDependOnTheDirection) {
  EXPECT_DOUBLE_EQ(compare_shares({10, 20}, {100, 300}).p, compare_shares({20, 10}, {300, 100}).p);
  EXPECT_LT(compare_shares({20, 10}, {100, 100}).points, 0);
}

TEST(CompareShares, TooFewSamplesTellNothing) {
  EXPECT_EQ(compare_shares({0, 1}, {10, 1000}).p, 1) << "a hundredth is expected in one cell";
  EXPECT_EQ(compare_shares({0, 0}, {100, 100}).p, 1) << "in neither";
  EXPECT_EQ(compare_shares({100, 100}, {100, 100}).p, 1) << "in both always";
  EXPECT_EQ(compare_shares({0, 5}, {0, 10}).p, 1) << "a capture without samples";
}

TEST(CompareShares, LargeCountsDoNotOverflow) {
  const ShareChange change =
      compare_shares({1'000'000'000, 1'100'000'000}, {10'000'000'000, 10'000'000'000});
  EXPECT_NEAR(change.points, 1, 1e-9);
  EXPECT_GE(change.p, 0);
  EXPECT_LT(change.p, 1e-10);
}

TEST(MarkSignificant, CorrectsForTheNumberOfQuestions) {
  std::vector<ShareChange> changes{{1, 0.04, false}};
  std::vector<ShareChange*> all{&changes[0]};
  mark_significant(all, 0.05);
  EXPECT_TRUE(changes[0].is_significant) << "alone";
  changes.assign(20, {1, 0.5, false});
  changes[7].p = 0.04;
  changes[8].p = 0.0001;
  all.clear();
  for (ShareChange& change : changes) all.push_back(&change);
  mark_significant(all, 0.05);
  EXPECT_FALSE(changes[7].is_significant) << "one of twenty comes by chance";
  EXPECT_TRUE(changes[8].is_significant);
}

TEST(MarkSignificant, DoesNotShowNoiseAsChange) {
  // Both sides from the same distribution over 300 functions. Every mark is wrong; they come in one
  // of twenty such comparisons. Of 40, more than 8 with one is a chance of 1 in 7,000.
  std::mt19937_64 random(::test::seed());
  std::discrete_distribution<size_t> function([] {
    std::vector<double> weights;
    for (int i = 1; i <= 300; i++) weights.push_back(1.0 / i);
    return std::discrete_distribution<size_t>(weights.begin(), weights.end()).param();
  }());
  int wrong = 0;
  for (int round = 0; round < 40; round++) {
    std::vector<std::array<uint64_t, 2>> counts(300);
    for (size_t side = 0; side < 2; side++)
      for (int i = 0; i < 5000; i++) counts[function(random)][side]++;
    std::vector<ShareChange> changes;
    for (const auto& count : counts) changes.push_back(compare_shares(count, {5000, 5000}));
    std::vector<ShareChange*> all;
    for (ShareChange& change : changes) all.push_back(&change);
    mark_significant(all, 0.05);
    wrong += std::ranges::any_of(changes, &ShareChange::is_significant);
  }
  EXPECT_LE(wrong, 8);
}

class Compare : public testing::Test {
 protected:
  Comparison compare(const GivenCapture& before, const GivenCapture& after,
                     CompareOptions options = {}) {
    const Capture a = before.capture();
    const Capture b = after.capture();
    const Profile of_a = make_profile(a);
    const Profile of_b = make_profile(b);
    return thaw::compare({Profiled{a, of_a}, Profiled{b, of_b}}, options);
  }
  std::vector<std::string> names_of(const std::vector<const FunctionChange*>& changes) {
    std::vector<std::string> names;
    for (const FunctionChange* change : changes) names.push_back(change->function.name);
    return names;
  }
};

TEST_F(Compare, TheLargestChangeIsFirst) {
  const Comparison comparison =
      compare(sampled_capture({{"parse", 600}, {"sort", 300}, {"write", 100}}),
              sampled_capture({{"parse", 600}, {"sort", 900}, {"write", 105}}));
  ASSERT_EQ(comparison.functions.size(), 3u);
  EXPECT_EQ(comparison.functions[0].function.name, "sort");
  EXPECT_THAT(comparison.functions[0].self_samples, ElementsAre(300, 900));
  EXPECT_NEAR(comparison.functions[0].self.points, 100.0 * 900 / 1605 - 30, 1e-9);
  EXPECT_TRUE(comparison.functions[0].self.is_significant);
  EXPECT_THAT(names_of(grown(comparison, 5)), ElementsAre("sort"));
  EXPECT_THAT(names_of(grown(comparison, 30)), IsEmpty());
}

TEST_F(Compare, ACaptureIsNotDifferentFromItself) {
  const Comparison comparison = compare(busy_capture(), busy_capture());
  for (const FunctionChange& change : comparison.functions) {
    EXPECT_EQ(change.self.points, 0);
    EXPECT_FALSE(change.self.is_significant || change.total.is_significant);
  }
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(names_of(grown(comparison, 0)), IsEmpty());
}

TEST_F(Compare, FunctionsOfRenamedFilesAreOneWhenAsked) {
  GivenCapture before = sampled_capture({{"sort", 300}});
  GivenCapture after = sampled_capture({{"sort", 300}});
  before.functions[0].module = "old";
  after.functions[0].module = "new";
  EXPECT_EQ(compare(before, after).functions.size(), 2u);
  const Comparison by_name = compare(before, after, {.by_name = true});
  ASSERT_EQ(by_name.functions.size(), 1u);
  EXPECT_EQ(by_name.functions[0].self.points, 0);
}

TEST_F(Compare, ThreadsOfOneNameAreOne) {
  GivenCapture after = busy_capture();
  after.cpu(0).at(50_ms).names(EventKind::task_rename, 9, "main");
  const Comparison comparison = compare(busy_capture(), after);
  for (const ThreadChange& change : comparison.threads) {
    if (change.name != "main") continue;
    EXPECT_EQ(change.sides[0].threads, 1u);
    EXPECT_EQ(change.sides[1].threads, 2u);
    EXPECT_EQ(change.sides[0].waits[static_cast<size_t>(WaitReason::pipe)].ns, 12_ms);
  }
}

TEST_F(Compare, WhatIsNotAlikeIsSaid) {
  GivenCapture after = busy_capture();
  after.header.kernel = "7.3.4";
  after.header.sample_hz = 99;
  const Comparison comparison = compare(busy_capture(), after);
  ASSERT_EQ(comparison.differences.size(), 2u);
  EXPECT_EQ(comparison.differences[0].what, "kernel");
  EXPECT_THAT(comparison.differences[1].values, ElementsAre("1000 Hz", "99 Hz"));
}

TEST_F(Compare, LossesCostAndFreezesAreBesideEachOther) {
  GivenCapture before = busy_capture(), after = busy_capture();
  before.header.sample_hz = after.header.sample_hz = 0;  // few samples are no silence then
  after.loses("ring_full", 7).emits(0, EmitContext::task, 5_us);
  after.tally.own_cpu_ns = 600'000;
  after.tally.programs_ns = 400'000;
  const Comparison comparison = compare(before, after);
  EXPECT_EQ(comparison.sides[0].lost, 0u);
  EXPECT_EQ(comparison.sides[1].lost, 7u);
  EXPECT_EQ(comparison.sides[1].longest_emit_ns, 5_us);
  EXPECT_EQ(comparison.sides[1].own_cpu_ns, 1'000'000);
  EXPECT_EQ(comparison.sides[0].freezes, 1u);
  EXPECT_EQ(comparison.sides[0].frozen_ns, 12_ms);
  EXPECT_EQ(comparison.sides[0].length_ns, 100_ms);
}

}  // namespace thaw::test
