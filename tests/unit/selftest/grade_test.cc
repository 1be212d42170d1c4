// What the self-test makes of a verdict: the right kind for the right reason, and how much of what
// was injected was seen.

#include "harness/selftest/grade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/selftest/report.h"
#include "profiler/base/files.h"

namespace lab::test {

using testing::HasSubstr;
using testing::Not;

Check a_check() {
  return {.name = "qemu-killed", .right = {VerdictKind::infra}, .reason = "signal 9"};
}

RunResult judged(VerdictKind kind, std::string reason) {
  RunResult result;
  result.id = "qemu-killed-6.12";
  result.verdict = {.kind = kind, .reason = std::move(reason)};
  result.repeat = "thawlab selftest --only qemu-killed";
  return result;
}

GradedRun graded(const Check& check, const RunResult& result) {
  return grade(check, result, "", 0);
}

TEST(Selftest, WantsTheRightVerdictForTheRightReason) {
  EXPECT_EQ(graded(a_check(), judged(VerdictKind::infra, "QEMU ended: signal 9")).wrong, "");
  EXPECT_THAT(graded(a_check(), judged(VerdictKind::pass, "signal 9")).wrong,
              HasSubstr("infra expected"));
  EXPECT_THAT(graded(a_check(), judged(VerdictKind::infra, "host too busy")).wrong,
              HasSubstr("does not say 'signal 9'"));
}

TEST(Selftest, WantsTheKernelsOwnWordWhereThereIsOne) {
  Check check{.right = {VerdictKind::freeze}, .finding = "rcu_stall"};
  RunResult result = judged(VerdictKind::freeze, "RCU stall");
  EXPECT_THAT(graded(check, result).wrong, HasSubstr("no finding 'rcu_stall'"));
  result.verdict.findings.push_back({.type = "rcu_stall"});
  EXPECT_EQ(graded(check, result).wrong, "");
}

TEST(Selftest, CountsWhatWasSeenOfWhatWasInjected) {
  const std::string truth =
      R"({"kind":"stall","stalls":[{"cpu":1,"start_ns":5001000000,"length_ns":20000000},)"
      R"({"cpu":1,"start_ns":5201000000,"length_ns":20000000},)"
      R"({"cpu":1,"start_ns":5401000000,"length_ns":20000000},)"
      R"({"cpu":1,"start_ns":5601000000,"length_ns":20000000}]})";
  RunResult result = judged(VerdictKind::freeze, "");
  result.load_s = 1;
  result.verdict.stalls = {
      {.start_ms = 5, .length_ms = 14},                   // most of the first
      {.start_ms = 201, .length_ms = 20, .host_ms = 11},  // the host explains more than half
      {.start_ms = 425, .length_ms = 100},                // after the third
  };
  const GradedRun run =
      grade({.right = {VerdictKind::freeze}, .freeze_ms = 20}, result, truth, 5'000'000'000);
  EXPECT_EQ(run.injected, 4);
  EXPECT_EQ(run.seen, 1);
  result.load_s = 0.5;
  const GradedRun shorter =
      grade({.right = {VerdictKind::freeze}, .freeze_ms = 20}, result, truth, 5'000'000'000);
  EXPECT_EQ(shorter.injected, 3) << "the last came when the load was over";
}

TEST(Selftest, DrawsTheCurveByLength) {
  const auto with = [](double ms, int injected, int seen, VerdictKind kind) {
    GradedCheck graded{.check = {.freeze_ms = ms}};
    graded.runs.push_back({.verdict = kind, .injected = injected, .seen = seen});
    return graded;
  };
  const auto curve =
      detection_curve({with(20, 20, 18, VerdictKind::freeze), with(5, 20, 2, VerdictKind::pass),
                       with(20, 20, 20, VerdictKind::pass), GradedCheck{}});
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[0].freeze_ms, 5);
  EXPECT_DOUBLE_EQ(curve[1].share(), 0.95);
  EXPECT_EQ(curve[1].judged_freeze, 1);
  EXPECT_EQ(curve[1].runs, 2);
}

TEST(Selftest, AllowsTheHostsExcuseInAtMostItsShareOfRuns) {
  GradedCheck graded{
      .check = {.right = {VerdictKind::pass, VerdictKind::infra}, .runs = 4, .most_infra = 0.5}};
  for (const auto kind : {VerdictKind::pass, VerdictKind::infra, VerdictKind::infra})
    graded.runs.push_back({.verdict = kind});
  graded.runs.push_back({.verdict = VerdictKind::pass});
  EXPECT_TRUE(graded.is_right());
  graded.runs.back().verdict = VerdictKind::infra;
  EXPECT_FALSE(graded.is_right());
  EXPECT_THAT(graded.complaint(), HasSubstr("3 of 4 runs could not be judged"));
}

TEST(Selftest, ExitsByWhatWasWrongAndSaysHowToRepeatIt) {
  GradedCheck right{.check = a_check()};
  right.runs.push_back(graded(a_check(), judged(VerdictKind::infra, "signal 9")));
  EXPECT_EQ(selftest_exit_code({right}), 0);
  EXPECT_THAT(selftest_text({right}), Not(HasSubstr("repeat:")));
  GradedCheck skipped{.check = a_check(), .skipped = "it needs root"};
  EXPECT_EQ(selftest_exit_code({right, skipped}), 69);
  GradedCheck wrong{.check = a_check()};
  wrong.runs.push_back(graded(a_check(), judged(VerdictKind::pass, "no stall")));
  EXPECT_EQ(selftest_exit_code({skipped, wrong, right}), 1);
  const std::string text = selftest_text({skipped, wrong, right});
  EXPECT_THAT(text, HasSubstr("repeat: thawlab selftest --only qemu-killed"));
  EXPECT_THAT(text, HasSubstr("1 of 3 checks right, 1 could not be made"));
}

TEST(Selftest, ThePageIsSafeWhateverAReasonHolds) {
  GradedCheck wrong{.check = a_check()};
  wrong.runs.push_back(graded(a_check(), judged(VerdictKind::pass, "<script>\xff&")));
  EXPECT_THAT(selftest_page({wrong}), HasSubstr("&lt;script>"));
  EXPECT_THAT(selftest_page({wrong}), Not(HasSubstr("<script>")));
}

TEST(Selftest, EveryCheckHasANameOfItsOwnAndItsReasonInTheReadme) {
  const auto readme = thaw::read_file(THAW_SOURCE_DIR "/harness/selftest/README.md");
  ASSERT_TRUE(readme);
  std::set<std::string> names;
  for (const Check& check : all_checks({.mishap = "/x/mishap"})) {
    EXPECT_TRUE(names.insert(check.name).second) << check.name;
    EXPECT_FALSE(check.right.empty() || check.why.empty()) << check.name;
    EXPECT_THAT(*readme, HasSubstr("`" + check.name + "`"));
  }
}

}  // namespace lab::test
