// Results of several machines as one: in any order, once or again.

#include "harness/results/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/json.h"

namespace lab::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Four runs, of which each of two machines plays two.
StoredPlan whole_plan() {
  StoredPlan plan;
  for (const char* id : {"a-1", "b-1", "a-2", "b-2"}) {
    PlannedRun run;
    run.id = id;
    run.test.name = std::string(id).substr(0, 1);
    run.kernel = {.provider = "debian", .release = std::string(id).substr(2)};
    plan.runs.push_back(run);
  }
  plan.share = {.plan = plan_digest(plan), .planned = 4};
  return plan;
}

RunResult result_of(const std::string& id, double wall_s) {
  RunResult run;
  run.id = id;
  run.case_name = id.substr(0, 1);
  run.wall_s = wall_s;
  run.directory = id;
  return run;
}

/// What machine `number` of two has played, all of it but the last `left`.
MergePart shard(int number, const std::string& started, size_t left = 0) {
  MergePart part{.directory = fmt::format("/night/shard-{}", number),
                 .plan = share_of(whole_plan(), number, 2)};
  part.results.name = "suite";
  part.results.session = fmt::format("session{}", number);
  part.results.started = started;
  part.results.host = fmt::format("host {}", number);
  part.results.host_id = std::to_string(number);
  for (size_t i = 0; i + left < part.plan->runs.size(); i++)
    part.results.runs.push_back(
        result_of(part.plan->runs[i].id, 10 * number + static_cast<double>(i)));
  part.results.planned = static_cast<int>(part.plan->runs.size());
  part.results.finished = left == 0;
  return part;
}

std::vector<std::string> ids(const ResultSet& results) {
  std::vector<std::string> list;
  for (const RunResult& run : results.runs) list.push_back(run.id);
  return list;
}

Merged merged(std::vector<MergePart> parts, std::optional<StoredPlan> whole = std::nullopt) {
  auto result = merge(std::move(parts), std::move(whole));
  EXPECT_TRUE(result) << result.error().message;
  return *result;
}

TEST(Merge, HasEachRunOfEachPartInThePlansOrder) {
  const Merged whole = merged({shard(2, "t2"), shard(1, "t1")}, whole_plan());
  EXPECT_THAT(ids(whole.results), ElementsAre("a-1", "b-1", "a-2", "b-2"));
  EXPECT_TRUE(whole.results.finished);
  EXPECT_EQ(whole.results.planned, 4);
  EXPECT_EQ(whole.results.started, "t1");
  EXPECT_EQ(whole.results.host, "2 machines");
  EXPECT_THAT(whole.missing, IsEmpty());
  EXPECT_THAT(whole.notes, IsEmpty());
}

TEST(Merge, IsTheSameInAnyOrderAndAgain) {
  const Merged once = merged({shard(1, "t1"), shard(2, "t2")});
  const Merged turned = merged({shard(2, "t2"), shard(1, "t1")});
  EXPECT_TRUE(to_json(once.results) == to_json(turned.results));
  MergePart whole{.directory = "/night/all", .results = once.results, .plan = once.plan};
  const Merged again = merged({whole, shard(2, "t2"), shard(1, "t1"), shard(1, "t1")});
  EXPECT_TRUE(to_json(again.results) == to_json(once.results)) << again.results.host;
  EXPECT_THAT(again.notes, IsEmpty());
}

TEST(Merge, NamesWhatIsMissing) {
  const Merged part = merged({shard(1, "t1"), shard(2, "t2", 1)}, whole_plan());
  EXPECT_FALSE(part.results.finished);
  EXPECT_EQ(part.results.planned, 4);
  EXPECT_EQ(part.missing.size(), 1u);
  // Without the other's plan it is known how many there are.
  const Merged alone = merged({shard(1, "t1")});
  EXPECT_FALSE(alone.results.finished);
  EXPECT_EQ(alone.results.planned, 4);
  EXPECT_THAT(alone.notes, ElementsAre(HasSubstr("2 of 4")));
}

TEST(Merge, TakesTheFirstOfTwoThatPlayedOneRun) {
  MergePart late = shard(1, "t9");
  late.directory = "/night/again";
  late.results.session = "other";
  late.results.runs.front().wall_s = 99;
  for (const bool is_turned : {false, true}) {
    std::vector<MergePart> parts{shard(1, "t1"), late, shard(2, "t2")};
    if (is_turned) std::ranges::reverse(parts);
    const Merged whole = merged(std::move(parts), whole_plan());
    EXPECT_EQ(whole.results.runs.size(), 4u);
    for (const RunResult& run : whole.results.runs) EXPECT_NE(run.wall_s, 99);
    EXPECT_THAT(whole.notes, ElementsAre(HasSubstr("was played in")));
  }
}

TEST(Merge, RefusesOneIdOfTwoPlans) {
  MergePart other = shard(1, "t3");
  other.plan->share.plan = "another";
  other.results.runs.front().wall_s = 99;
  const auto result = merge({shard(1, "t1"), other}, std::nullopt);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, thaw::ErrorKind::User);
  EXPECT_THAT(result.error().message, HasSubstr("different plans"));
}

TEST(Merge, OfSessionsThatShareNothingIsTheirSum) {
  MergePart one{.directory = "/x"};
  one.results = {.name = "x", .started = "t1", .session = "s1", .runs = {result_of("x-1", 1)}};
  MergePart two{.directory = "/y"};
  two.results = {.name = "y", .started = "t2", .session = "s2", .runs = {result_of("y-1", 1)}};
  const Merged sum = merged({two, one});
  EXPECT_THAT(ids(sum.results), ElementsAre("x-1", "y-1"));
  EXPECT_EQ(sum.results.name, "x+y");
  EXPECT_TRUE(sum.results.finished);
}

TEST(Merge, OfNothingIsRefused) {
  EXPECT_FALSE(merge({}, std::nullopt));
}

}  // namespace
}  // namespace lab::test
