// From cases and patterns to an ordered list of runs.

#include "harness/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/provision/pattern.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;

KernelRef debian(std::string release, std::string version) {
  return {.provider = "debian",
          .release = release + "-cloud-amd64",
          .package = "linux-image-" + release + "-cloud-amd64",
          .version = std::move(version)};
}

const std::vector<KernelRef> kMirror{
    debian("6.17.13+deb13", "6.17.13-1~bpo13+1"),
    debian("6.17.8+deb13", "6.17.8-1~bpo13+1"),
    debian("6.12.117+deb13", "6.12.117-1"),
    debian("6.1.0-56", "6.1.192-1"),
    debian("6.1.0-55", "6.1.192-1"),
};

Case case_of(std::string name, std::vector<std::string> kernels) {
  Case test;
  test.name = std::move(name);
  test.kernels = std::move(kernels);
  test.run.seed = 5;
  test.expect = {{"6.1[5-8].*", VerdictKind::freeze, "spins"},
                 {"6.1.*", VerdictKind::incapable, ""}};
  return test;
}

std::vector<PlannedRun> planned(const std::vector<Case>& cases, const PlanOptions& options = {}) {
  auto plan = plan_runs(cases, options, [](std::string_view p) { return resolve(p, kMirror); });
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *plan : std::vector<PlannedRun>{};
}

std::vector<std::string> ids(const std::vector<PlannedRun>& plan) {
  std::vector<std::string> result;
  for (const PlannedRun& run : plan) result.push_back(run.id);
  return result;
}

TEST(Plan, RunsEachCaseOnEachOfItsKernelsInOrder) {
  EXPECT_THAT(ids(planned({case_of("a", {"6.12", "6.17.8"}), case_of("b", {"6.12"})})),
              ElementsAre("a-6.12.117+deb13-cloud-amd64", "a-6.17.8+deb13-cloud-amd64",
                          "b-6.12.117+deb13-cloud-amd64"));
}

TEST(Plan, TakesTheFirstExpectationThatMatches) {
  const auto plan = planned({case_of("a", {"6.17.8", "6.12", "6.1"})});
  EXPECT_EQ(plan[0].expected, VerdictKind::freeze);
  EXPECT_EQ(plan[0].expected_reason, "spins");
  EXPECT_EQ(plan[1].expected, VerdictKind::pass);  // none matches
  EXPECT_EQ(plan[2].expected, VerdictKind::incapable);
}

TEST(Plan, LetsTheCommandLineReplaceKernels) {
  EXPECT_THAT(ids(planned({case_of("a", {"6.12"})}, {.kernels = {"6.17.*"}})),
              ElementsAre("a-6.17.13+deb13-cloud-amd64", "a-6.17.8+deb13-cloud-amd64"));
}

TEST(Plan, RunsAKernelOnceThatTwoPatternsMean) {
  EXPECT_THAT(ids(planned({case_of("a", {"6.12", "6.12.117", "6.12*"})})),
              ElementsAre("a-6.12.117+deb13-cloud-amd64"));
}

TEST(Plan, GoesRoundTheMatrixForEachRepetition) {
  const auto plan = planned({case_of("a", {"6.12", "6.17.8"})}, {.repeat = 2});
  EXPECT_THAT(ids(plan),
              ElementsAre("a-6.12.117+deb13-cloud-amd64-1", "a-6.17.8+deb13-cloud-amd64-1",
                          "a-6.12.117+deb13-cloud-amd64-2", "a-6.17.8+deb13-cloud-amd64-2"));
  EXPECT_EQ(plan[0].seed, 5u);
  EXPECT_EQ(plan[2].seed, 6u);
  EXPECT_EQ(plan[2].test.run.seed, 6u);
}

TEST(Plan, TakesTheSeedOfTheCommandLine) {
  EXPECT_EQ(planned({case_of("a", {"6.12"})}, {.seed = 99})[0].seed, 99u);
  EXPECT_EQ(planned({case_of("a", {"6.12"})}, {.seed = 0})[0].seed, 0u);
}

TEST(Plan, RepeatsOneSeedWhenAsked) {
  const auto plan = planned({case_of("a", {"6.12"})}, {.repeat = 2, .seed = 9, .same_seed = true});
  EXPECT_EQ(plan[0].seed, 9u);
  EXPECT_EQ(plan[1].seed, 9u);
}

TEST(Plan, KeepsAKernelThatCannotBeHad) {
  const auto plan = planned({case_of("a", {"6.16.12", "6.12"})});
  ASSERT_EQ(plan.size(), 2u);
  ASSERT_TRUE(plan[0].missing);
  EXPECT_EQ(plan[0].missing->kind, thaw::ErrorKind::Environment);
  EXPECT_EQ(plan[0].id, "a-6.16.12");
  EXPECT_EQ(plan[0].expected, VerdictKind::freeze);
  EXPECT_FALSE(plan[1].missing);
}

TEST(Plan, RefusesPatternsThatMakeNoSense) {
  const auto resolve_mirror = [](std::string_view p) { return resolve(p, kMirror); };
  const auto bad_kernel = plan_runs({case_of("a", {"6.12", ""})}, {}, resolve_mirror);
  ASSERT_FALSE(bad_kernel);
  EXPECT_EQ(bad_kernel.error().kind, thaw::ErrorKind::User);
  EXPECT_THAT(bad_kernel.error().message, HasSubstr("case a"));
  Case bad_expectation = case_of("a", {"6.12"});
  bad_expectation.expect[1].kernels = "";
  const auto plan = plan_runs({bad_expectation}, {}, resolve_mirror);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("[[expect]]"));
}

TEST(Plan, GivesEveryRunADirectoryOfItsOwn) {
  const auto plan = planned({case_of("a", {"6.12"}), case_of("a", {"6.12"})});
  EXPECT_THAT(ids(plan),
              ElementsAre("a-6.12.117+deb13-cloud-amd64", "a-6.12.117+deb13-cloud-amd64_2"));
}

TEST(Plan, NamesDirectoriesOfLocalKernelsSafely) {
  const auto plan = plan_runs({case_of("a", {"local:/boot/vm linuz"})}, {}, [](std::string_view p) {
    return thaw::Result<std::vector<KernelRef>>(
        std::vector{KernelRef{.provider = "local", .package = std::string(p.substr(6))}});
  });
  ASSERT_TRUE(plan);
  EXPECT_EQ((*plan)[0].id, "a-local__boot_vm_linuz");
}

}  // namespace lab::test
