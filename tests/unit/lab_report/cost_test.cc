#include "harness/report/cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {
namespace {

using ::testing::HasSubstr;

RunResult run_of(const std::string& name, uint64_t load, uint64_t all, uint64_t switches,
                 CostQuestion cost = {}) {
  RunResult run;
  run.case_name = name;
  run.kernel = "6.12";
  run.oracle = oracle::Summary{.instructions = all,
                               .load = load,
                               .idle = 100,
                               .switches = switches,
                               .samples = switches / 10};
  run.cost = std::move(cost);
  return run;
}

/// 1,000 switches alone; under a recorder that adds 50 to each, and one that adds 200.
ResultSet measured() {
  ResultSet results;
  results.runs = {run_of("alone", 100'000, 110'000, 1000),
                  run_of("ours", 150'000, 180'000, 1000,
                         {.per = "switch", .baseline = "alone", .peer = "theirs"}),
                  run_of("theirs", 300'000, 330'000, 1000, {.per = "switch", .baseline = "alone"})};
  return results;
}

TEST(Cost, IsWhatIsMorePerEvent) {
  const auto costs = costs_of(measured());
  ASSERT_EQ(costs.size(), 2u);
  EXPECT_EQ(costs[0].case_name, "ours");
  EXPECT_DOUBLE_EQ(costs[0].in_load, 50);
  EXPECT_DOUBLE_EQ(costs[0].elsewhere, 20);
  ASSERT_TRUE(costs[0].of_peer);
  EXPECT_DOUBLE_EQ(*costs[0].of_peer, 0.25);
  EXPECT_FALSE(costs[1].of_peer);
}

TEST(Cost, CountsSamplesWhereSamplesAreAskedFor) {
  ResultSet results = measured();
  results.runs[1].cost.per = "sample";
  EXPECT_EQ(costs_of(results)[0].per, "sample");
  EXPECT_DOUBLE_EQ(costs_of(results)[0].in_load, 500);
}

TEST(Cost, SaysNothingWithoutABaselineOfTheSameKernel) {
  ResultSet results = measured();
  results.runs[0].kernel = "6.17.8";
  EXPECT_TRUE(costs_of(results).empty());
  EXPECT_EQ(costs_text(results), "");
  EXPECT_EQ(costs_html(results), "");
}

TEST(Cost, SaysNothingOfARunWithoutEventsOrOracle) {
  ResultSet results = measured();
  results.runs[1].oracle->switches = 0;
  results.runs[2].oracle.reset();
  EXPECT_TRUE(costs_of(results).empty());
}

TEST(Cost, IsATable) {
  EXPECT_THAT(costs_text(measured()),
              HasSubstr("  6.12   ours   switch    1000           50         20         0.25\n"));
  EXPECT_THAT(costs_html(measured()), HasSubstr("<td class=\"number\">0.25</td>"));
}

}  // namespace
}  // namespace lab::test
