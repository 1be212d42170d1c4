// A plan that was kept is the plan that is taken up, or nothing is.

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/plan/stored_plan.h"
#include "tests/support/scratch_directory.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class KeptPlan : public testing::Test {
 protected:
  KeptPlan() {
    write("x.toml", "one");
    write("agent", "binary");
    test_.name = "x";
    test_.file = scratch_ / "x.toml";
    test_.workload = {"switchstorm"};
  }
  void write(const char* name, const char* text) { std::ofstream(scratch_ / name) << text; }

  StoredPlan describe() {
    StoredPlan plan{.arguments = {"x.toml", "--repeat", "2", "--", "a b", "\xff"},
                    .working_directory = "/somewhere"};
    const auto added = add_digests(plan, {test_}, {{"thaw-agent", scratch_ / "agent"}});
    EXPECT_TRUE(added) << added.error().message;
    PlannedRun run{.test = test_,
                   .pattern = "6.12",
                   .kernel = {.provider = "debian",
                              .release = "6.12.118",
                              .package = "linux-image",
                              .version = "6.12.118-1",
                              .suite = "trixie"},
                   .expected = VerdictKind::freeze,
                   .expected_reason = "why",
                   .seed = ~uint64_t{0},
                   .repetition = 2,
                   .id = "x-6.12.118-2"};
    PlannedRun missing = run;
    missing.id = "x-4.19";
    missing.missing = thaw::Error{thaw::ErrorKind::Environment, "no such kernel", 0};
    plan.runs = {run, missing};
    return plan;
  }

  ::test::ScratchDirectory scratch_;
  Case test_;
};

TEST_F(KeptPlan, IsReadBackAsItWas) {
  const StoredPlan before = describe();
  const std::string text = plan_to_json(before);
  const auto after = plan_from_json(text, "plan.json");
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(plan_to_json(*after), text);
  const auto runs = with_cases(*after, {test_});
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].id, "x-6.12.118-2");
  EXPECT_EQ(runs[0].seed, ~uint64_t{0});
  EXPECT_EQ(runs[0].test.run.seed, ~uint64_t{0});
  EXPECT_EQ(runs[0].test.workload, test_.workload);
  EXPECT_EQ(runs[0].kernel.version, "6.12.118-1");
  EXPECT_EQ(runs[0].expected, VerdictKind::freeze);
  EXPECT_FALSE(runs[0].missing);
  EXPECT_EQ(runs[1].missing->message, "no such kernel");
}

TEST_F(KeptPlan, NoticesWhatChanged) {
  const StoredPlan then = describe();
  EXPECT_THAT(changes_since(then, describe()), IsEmpty());
  write("x.toml", "two");
  EXPECT_THAT(changes_since(then, describe()), ElementsAre(HasSubstr("case x")));
  write("x.toml", "one");
  write("agent", "another binary");
  EXPECT_THAT(changes_since(then, describe()), ElementsAre("thaw-agent was rebuilt"));
  EXPECT_EQ(changes_since(then, {}).size(), 2u) << "what is gone has changed";
}

TEST_F(KeptPlan, RefusesWhatItCannotRead) {
  for (const char* text : {"", "{}", "[]", "{\"schema\":2}", "{\"schema\":1}"}) {
    const auto plan = plan_from_json(text, "plan.json");
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().kind, thaw::ErrorKind::Corrupt);
  }
}

}  // namespace lab::test
