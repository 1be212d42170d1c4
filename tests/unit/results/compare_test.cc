// What counts as a regression, what as a fix, and what as chance.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/compare.h"

namespace lab::test {

using testing::Contains;
using testing::HasSubstr;

/// A session, built run by run.
class Night {
 public:
  Night& ran(const std::string& kernel, VerdictKind verdict, int times = 1,
             VerdictKind expected = VerdictKind::pass) {
    for (int i = 0; i < times; ++i) {
      Trial trial{.id = fmt::format("{}-{}", kernel, session.trials.size()),
                  .case_name = "x",
                  .pattern = pattern,
                  .kernel = kernel,
                  .verdict = verdict,
                  .expected = expected,
                  .accelerator = "tcg"};
      trial.title = title;
      trial.known = known;
      trial.stalls = stalls;
      session.trials.push_back(std::move(trial));
    }
    return *this;
  }
  SessionRecord session{.key = "k", .started = "2026-11-24T12:00:00Z", .finished = true};
  std::string pattern = "6.12";
  std::string title;
  std::string known;
  std::vector<TrialStall> stalls;
};

constexpr auto kPass = VerdictKind::pass;
constexpr auto kFreeze = VerdictKind::freeze;
constexpr auto kInfra = VerdictKind::infra;

Cell only_cell(const Night& before, const Night& after) {
  const Comparison comparison = compare(before.session, after.session);
  EXPECT_EQ(comparison.cells.size(), 1u);
  return comparison.cells.front();
}

TEST(Compare, EqualSessionsAreUnchanged) {
  const Night night = Night().ran("6.12.1", kPass, 5).ran("6.17.8", kFreeze, 3, kFreeze);
  const Comparison comparison = compare(night.session, night.session);
  EXPECT_EQ(comparison.of(Change::unchanged).size(), 2u);
  EXPECT_FALSE(comparison.has_regression());
}

TEST(Compare, FailureThatNeverWasIsARegressionThoughOneRunProvesNone) {
  const Cell cell = only_cell(Night().ran("6.12.1", kPass), Night().ran("6.12.1", kFreeze));
  EXPECT_EQ(cell.change, Change::regression);
  EXPECT_FALSE(cell.is_proven);
  EXPECT_EQ(cell.p, 1);
  EXPECT_EQ(cell.runs_to_tell, 4u);
  EXPECT_THAT(cell.notes, Contains(HasSubstr("freeze")));
}

TEST(Compare, ManyFailuresProveIt) {
  const Cell cell = only_cell(Night().ran("6.12.1", kPass, 10),
                              Night().ran("6.12.1", kPass, 2).ran("6.12.1", kFreeze, 8));
  EXPECT_EQ(cell.change, Change::regression);
  EXPECT_TRUE(cell.is_proven);
  EXPECT_LT(*cell.p, 0.001);
}

TEST(Compare, FlakeThatFlakesALittleMoreIsUnchanged) {
  const Cell cell = only_cell(Night().ran("6.12.1", kPass, 18).ran("6.12.1", kFreeze, 2),
                              Night().ran("6.12.1", kPass, 17).ran("6.12.1", kFreeze, 3));
  EXPECT_EQ(cell.change, Change::unchanged);
}

TEST(Compare, FlakeThatFlakesMuchMoreIsARegression) {
  const Cell cell = only_cell(Night().ran("6.12.1", kPass, 18).ran("6.12.1", kFreeze, 2),
                              Night().ran("6.12.1", kPass, 4).ran("6.12.1", kFreeze, 16));
  EXPECT_EQ(cell.change, Change::regression);
  EXPECT_TRUE(cell.is_proven);
}

TEST(Compare, AnotherWayToFailIsARegression) {
  EXPECT_EQ(
      only_cell(Night().ran("6.12.1", kFreeze, 4), Night().ran("6.12.1", VerdictKind::hang, 4))
          .change,
      Change::regression);
  Night before;
  before.title = "BUG: one";
  Night after;
  after.title = "BUG: other";
  const Cell cell =
      only_cell(before.ran("6.12.1", VerdictKind::crash), after.ran("6.12.1", VerdictKind::crash));
  EXPECT_EQ(cell.change, Change::regression);
  EXPECT_THAT(cell.notes, Contains(HasSubstr("BUG: other")));
}

TEST(Compare, PositiveControlThatPassesIsARegression) {
  EXPECT_EQ(only_cell(Night().ran("6.17.8", kFreeze, 1, kFreeze),
                      Night().ran("6.17.8", kPass, 1, kFreeze))
                .change,
            Change::regression);
}

TEST(Compare, FailureThatIsGoneIsAFix) {
  const Cell few = only_cell(Night().ran("6.12.1", kFreeze), Night().ran("6.12.1", kPass));
  EXPECT_EQ(few.change, Change::fix);
  EXPECT_FALSE(few.is_proven);
  const Cell many = only_cell(Night().ran("6.12.1", kFreeze, 9), Night().ran("6.12.1", kPass, 9));
  EXPECT_TRUE(many.is_proven);
}

TEST(Compare, KnownIssueIsToldAndNotCounted) {
  Night after;
  after.known = "KI-1";
  const Comparison comparison =
      compare(Night().ran("6.12.1", kPass, 9).session, after.ran("6.12.1", kFreeze, 9).session);
  EXPECT_EQ(comparison.cells.front().change, Change::known);
  EXPECT_FALSE(comparison.has_regression());
  after.known = "";
  after.ran("6.12.1", kFreeze);
  EXPECT_TRUE(compare(Night().ran("6.12.1", kPass, 9).session, after.session).has_regression());
}

TEST(Compare, InfraIsNeitherPassNorFail) {
  EXPECT_EQ(only_cell(Night().ran("6.12.1", kPass, 9), Night().ran("6.12.1", kInfra, 9)).change,
            Change::undecided);
  EXPECT_EQ(only_cell(Night().ran("6.12.1", kPass, 9),
                      Night().ran("6.12.1", kInfra, 8).ran("6.12.1", kPass))
                .change,
            Change::unchanged);
}

TEST(Compare, NewAndVanishedKernelsAreTold) {
  Night before;
  before.pattern = "6.1*";
  Night after;
  after.pattern = "7*";
  const Comparison comparison =
      compare(before.ran("6.12.1", kPass).session, after.ran("7.3", kFreeze).session);
  EXPECT_EQ(comparison.of(Change::vanished).size(), 1u);
  EXPECT_TRUE(comparison.has_regression()) << "a new kernel that fails is news of the worse kind";
  const Comparison sound =
      compare(before.ran("6.12.2", kPass).session, Night().ran("7.4", kPass).session);
  EXPECT_EQ(sound.of(Change::appeared).size(), 1u);
  EXPECT_FALSE(sound.has_regression());
}

TEST(Compare, NewerKernelOfOnePatternMeetsTheOlder) {
  const Cell cell = only_cell(Night().ran("6.12.107", kPass), Night().ran("6.12.118", kFreeze));
  EXPECT_EQ(cell.change, Change::regression);
  EXPECT_THAT(cell.notes, Contains(HasSubstr("meant 6.12.107 before")));
}

TEST(Compare, KernelIsHeldAgainstTheLaterExpectation) {
  const Cell cell = only_cell(Night().ran("6.17.8", kFreeze, 1, kPass),
                              Night().ran("6.17.8", kFreeze, 1, kFreeze));
  EXPECT_EQ(cell.change, Change::unchanged);
  EXPECT_THAT(cell.notes, Contains(HasSubstr("expected pass before, freeze now")));
}

TEST(Compare, CorrectsForManyCells) {
  Night before;
  Night after;
  for (int kernel = 0; kernel < 20; ++kernel) {
    const std::string name = fmt::format("6.{}", kernel);
    before.ran(name, kPass, 10).ran(name, kFreeze, 1);
    after.ran(name, kPass, 10).ran(name, kFreeze, kernel == 0 ? 12 : 1);
  }
  const Comparison comparison = compare(before.session, after.session);
  const Cell& cell = comparison.cells.front();
  ASSERT_TRUE(cell.p && *cell.p < 0.05);
  EXPECT_EQ(comparison.tests, 1) << "two failures of 22 runs cannot tell anything";
  Night worse = after;
  Night better = before;
  for (int kernel = 0; kernel < 20; ++kernel) {
    const std::string name = fmt::format("6.{}", kernel);
    better.ran(name, kFreeze, 4);
    worse.ran(name, kFreeze, 4);
  }
  const Comparison wide = compare(better.session, worse.session);
  EXPECT_EQ(wide.tests, 20);
  EXPECT_FALSE(wide.has_regression()) << "one small p among twenty is chance";
}

TEST(Compare, DescribesStallLengths) {
  Night before;
  before.stalls = {{10, 0, "nmi"}, {12, 0, "nmi"}, {11, 10.5, "nmi"}};
  Night after;
  after.stalls = {{200, 0, "nmi"}, {300, 0, "nmi"}};
  const Cell cell = only_cell(before.ran("6.17.8", kFreeze, 4, kFreeze),
                              after.ran("6.17.8", kFreeze, 4, kFreeze));
  EXPECT_EQ(cell.change, Change::unchanged) << "lengths describe and never decide";
  ASSERT_TRUE(cell.stalls);
  EXPECT_EQ(cell.before.stalls_ms.size(), 8u) << "half a millisecond of its own is no stall";
  EXPECT_EQ(cell.stalls->greater, 1);
  EXPECT_LT(cell.stalls->p, 0.01);
}

TEST(Compare, SaysWhatMakesSessionsLessComparable) {
  Night before = Night().ran("6.12.1", kPass);
  Night after = before;
  before.session.host_id = "a";
  after.session.host_id = "b";
  after.session.finished = false;
  after.session.commit = "fedcba";
  const Comparison comparison = compare(before.session, after.session);
  EXPECT_THAT(comparison.notes, Contains(HasSubstr("different hosts")));
  EXPECT_THAT(comparison.notes, Contains(HasSubstr("not finished")));
  EXPECT_THAT(comparison.notes, Contains(HasSubstr("fedcba")));
}

Night measured(double value, int runs) {
  Night night = Night().ran("6.12.1", kPass, runs);
  for (Trial& trial : night.session.trials) {
    trial.settings = "s";
    trial.measures = {{"stacks", "whole", "%", value}};
  }
  return night;
}

TEST(CompareMeasures, WorseIsARegressionThoughVerdictsAreTheSame) {
  const Comparison comparison = compare(measured(0.1, 10).session, measured(30, 2).session);
  EXPECT_EQ(comparison.of(Change::regression).size(), 0u);
  EXPECT_TRUE(comparison.has_worse_measure());
  EXPECT_TRUE(comparison.has_regression());
  EXPECT_FALSE(compare(measured(30, 10).session, measured(0.1, 2).session).has_regression());
}

TEST(CompareMeasures, OneRunBeforeDecidesNothing) {
  EXPECT_FALSE(compare(measured(0.1, 1).session, measured(30, 1).session).has_regression());
}

}  // namespace lab::test
