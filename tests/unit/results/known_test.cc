// A known issue explains what it names and nothing else, until its day.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/junit.h"
#include "harness/results/known.h"
#include "harness/results/ktap.h"

namespace lab::test {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kList = R"(
[[known]]
id = "KI-1"
case = "ring*"
kernels = "6.1[5-8].*"
verdict = "freeze"
says = "longest"
reason = "the old lock"
link = "https://example.org/1"
expires = 2027-01-31
[[known]]
id = "KI-2"
case = "*"
kernels = "7"
verdict = "crash"
title = "BUG: one|RCU stall"
says = "died"
reason = "a wild pointer"
expires = "2027-01-31"
)";

KnownIssues known(std::string_view text = kList) {
  KnownIssues issues;
  const auto parsed = issues.parse(text, "known.toml");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return issues;
}

RunResult frozen() {
  RunResult run;
  run.id = "ringbuf-nmi-6.17.8";
  run.case_name = "ringbuf-nmi";
  run.kernel = "6.17.8+deb13-cloud-amd64";
  run.package = "linux-image-6.17.8+deb13-cloud-amd64 6.17.8-1";
  run.verdict.kind = VerdictKind::freeze;
  run.verdict.reason = "longest 134 ms";
  return run;
}

RunResult crashed(std::vector<std::string> titles) {
  RunResult run = frozen();
  run.kernel = "7.3.4-cloud-amd64";
  run.verdict.kind = VerdictKind::crash;
  run.verdict.reason = "the guest died";
  for (std::string& title : titles)
    run.verdict.findings.push_back({std::move(title), "bug", "crash", 1});
  return run;
}

bool is_known(RunResult run, std::string_view today = "2026-11-27") {
  KnownIssues issues = known();
  issues.apply(run, today);
  return run.known.has_value();
}

TEST(Known, ExplainsItsVerdictOnItsKernels) {
  RunResult run = frozen();
  KnownIssues issues = known();
  issues.apply(run, "2026-11-27");
  ASSERT_TRUE(run.known);
  EXPECT_EQ(run.known->id, "KI-1");
  EXPECT_EQ(run.known->reason, "the old lock");
  EXPECT_EQ(run.known->expires, "2027-01-31");
  EXPECT_FALSE(run.as_expected());
  EXPECT_FALSE(run.is_unexpected());
}

TEST(Known, NeverHidesAnotherVerdictCaseKernelOrTitle) {
  RunResult run = frozen();
  run.verdict.kind = VerdictKind::hang;
  EXPECT_FALSE(is_known(run));
  run = frozen();
  run.case_name = "default-transport";
  EXPECT_FALSE(is_known(run));
  run = frozen();
  run.kernel = "6.12.118";
  run.package = "linux-image-6.12.118 6.12.118-1";
  EXPECT_FALSE(is_known(run));
  run = frozen();
  run.verdict.findings = {{"soft lockup", "soft_lockup", "lockup", 3}};
  EXPECT_FALSE(is_known(run)) << "the entry says nothing of a lockup";
  run.verdict.findings.front().severity = "warning";
  EXPECT_FALSE(is_known(run)) << "nor of a warning";
  run.verdict.findings.front().severity = "expected";
  EXPECT_TRUE(is_known(run));
}

TEST(Known, CrashIsKnownByEachOfItsTitles) {
  EXPECT_TRUE(is_known(crashed({"BUG: one"})));
  EXPECT_TRUE(is_known(crashed({"BUG: one", "RCU stall"})));
  EXPECT_FALSE(is_known(crashed({"BUG: other"})));
  EXPECT_FALSE(is_known(crashed({"BUG: one", "BUG: other"})));
  EXPECT_FALSE(is_known(crashed({})));
  RunResult other = crashed({"BUG: one"});
  other.verdict.reason = "QEMU was killed";
  EXPECT_FALSE(is_known(other));
}

TEST(Known, CountsAgainAfterItsDayAndSaysSo) {
  EXPECT_TRUE(is_known(frozen(), "2027-01-31"));
  RunResult run = frozen();
  KnownIssues issues = known();
  for (int i = 0; i < 2; ++i) issues.apply(run, "2027-02-01");
  EXPECT_FALSE(run.known);
  ASSERT_EQ(run.verdict.notes.size(), 1u) << "said once";
  EXPECT_THAT(run.verdict.notes.front(), HasSubstr("KI-1 expired on 2027-01-31"));
}

TEST(Known, InfraIsNeverKnownAndWhatIsExpectedNeedsNoReason) {
  RunResult run = frozen();
  run.expected = VerdictKind::freeze;
  EXPECT_FALSE(is_known(run));
  KnownIssues issues;
  EXPECT_THAT(issues
                  .parse("[[known]]\nid='a'\ncase='*'\nkernels='*'\nverdict='infra'\nreason='x'\n"
                         "expires=2027-01-01",
                         "k.toml")
                  .error()
                  .message,
              HasSubstr("must be one of"));
}

TEST(Known, EntryThatNothingShowsIsStale) {
  KnownIssues issues = known();
  RunResult run = frozen();
  run.verdict.kind = VerdictKind::pass;
  issues.apply(run, "2026-11-27");
  EXPECT_THAT(issues.stale(false), ElementsAre(HasSubstr("KI-1 is stale: none of 1 run ")));
  EXPECT_EQ(issues.stale(true).size(), 2u);
  run = frozen();
  issues.apply(run, "2026-11-27");
  EXPECT_THAT(issues.stale(false), IsEmpty());
}

TEST(Known, SaysWhatIsWrongWithAList) {
  const auto error = [](std::string_view text) {
    KnownIssues issues;
    const auto parsed = issues.parse(text, "k.toml");
    EXPECT_FALSE(parsed) << text;
    return parsed ? "" : parsed.error().message;
  };
  constexpr const char* kRest = "case='*'\nkernels='*'\nreason='x'\nexpires=2027-01-01\n";
  EXPECT_THAT(error("[[knwon]]"), HasSubstr("k.toml:1"));
  EXPECT_THAT(error("[[known]]\nid='a'"), HasSubstr("must have"));
  EXPECT_THAT(error(fmt::format("[[known]]\nid='a'\nverdict='crash'\n{}", kRest)),
              HasSubstr("title"));
  EXPECT_THAT(error(fmt::format("[[known]]\nid='a'\nverdict='freeze'\ntitle='('\n{}", kRest)),
              HasSubstr("regular expression"));
  EXPECT_THAT(error(fmt::format("[[known]]\nid='a'\nverdict='freeze'\n{}", kRest)),
              HasSubstr("'says'"))
      << "any freeze of any case would be known";
  const std::string good = fmt::format("[[known]]\nid='a'\nverdict='freeze'\nsays='ms'\n{}", kRest);
  EXPECT_THAT(error(good + good), HasSubstr("taken"));
  EXPECT_THAT(error("[[known]]\nid='a'\nverdict='freeze'\ncase='*'\nkernels='*'\nreason='x'\n"
                    "expires='soon'"),
              HasSubstr("a date"));
}

TEST(Known, ShippedListCanBeRead) {
  KnownIssues issues;
  const auto read = issues.read(THAW_SOURCE_DIR "/harness/cases/known.toml");
  EXPECT_TRUE(read) << read.error().message;
}

// --- the other outputs

ResultSet mixed() {
  ResultSet results{.name = "x", .started = "2026-11-24T12:00:00Z", .planned = 5};
  RunResult good = frozen();
  good.expected = VerdictKind::freeze;
  RunResult known = frozen();
  known.known = KnownMatch{"KI-1", "the old lock", "", "2027-01-31"};
  RunResult bad = frozen();
  bad.verdict.reason = "two\nlines # and a hash";
  bad.repeat = "thawlab run x.toml";
  RunResult lab = frozen();
  lab.verdict.kind = VerdictKind::infra;
  results.runs = {good, known, bad, lab};
  return results;
}

TEST(Ktap, HasALinePerRunAndTheWholePlan) {
  const std::string ktap = to_ktap(mixed());
  EXPECT_TRUE(ktap.starts_with("KTAP version 1\n1..5\n")) << ktap;
  EXPECT_THAT(ktap, HasSubstr("\nok 1 ringbuf-nmi 6.17.8+deb13-cloud-amd64 seed 0\n"));
  EXPECT_THAT(ktap, HasSubstr("\nok 2 ringbuf-nmi 6.17.8+deb13-cloud-amd64 seed 0 # XFAIL KI-1"));
  EXPECT_THAT(ktap, HasSubstr("\nnot ok 3 ringbuf-nmi 6.17.8+deb13-cloud-amd64 seed 0\n"));
  EXPECT_THAT(ktap, HasSubstr("\nnot ok 4 ringbuf-nmi 6.17.8+deb13-cloud-amd64 seed 0 # ERROR"));
  EXPECT_THAT(ktap, HasSubstr("two lines no. and a hash"));
  EXPECT_THAT(ktap, HasSubstr("# repeat: thawlab run x.toml"));
}

TEST(JunitOfKnown, IsSkippedWithItsReason) {
  const std::string xml = to_junit(mixed());
  EXPECT_THAT(xml, HasSubstr("skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("failures=\"1\""));
  EXPECT_THAT(xml, HasSubstr("known issue KI-1 until 2027-01-31: the old lock"));
}

constexpr const char* kMeasure = R"(
[[known]]
id = "KI-3"
case = "cost-*"
kernels = "6.12"
measure = "^cost: .*per switch"
reason = "switches record their cgroup now"
expires = 2027-01-31
)";

CaseTrend worse_cost(const std::string& kernel = "6.12.48-cloud-amd64", size_t runs = 20) {
  CaseTrend trend{.baseline = {.case_name = "cost-switch", .kernel = kernel, .runs = runs}};
  trend.measures = {{.kind = "cost", .name = "added per switch"}, {.kind = "stacks", .name = "x"}};
  for (MeasureTrend& one : trend.measures) one.stand.trend = Trend::worse;
  return trend;
}

TEST(KnownMeasure, IsTheOneThatTheEntryNames) {
  KnownIssues issues = known(kMeasure);
  CaseTrend trend = worse_cost();
  issues.apply(trend, "2026-11-27");
  EXPECT_EQ(trend.measures[0].known, "KI-3");
  EXPECT_EQ(trend.measures[1].known, "");
  EXPECT_TRUE(trend.has_unknown_worse()) << "stacks";
  trend.measures.pop_back();
  EXPECT_FALSE(trend.has_unknown_worse());
  EXPECT_THAT(issues.stale(true), IsEmpty());
}

TEST(KnownMeasure, EndsWithItsDayAndItsKernels) {
  KnownIssues issues = known(kMeasure);
  CaseTrend late = worse_cost();
  issues.apply(late, "2027-02-01");
  EXPECT_EQ(late.measures[0].known, "");
  CaseTrend elsewhere = worse_cost("6.17.8-cloud-amd64");
  issues.apply(elsewhere, "2026-11-27");
  EXPECT_EQ(elsewhere.measures[0].known, "");
}

TEST(KnownMeasure, IsStaleWhenHeldAndNotWorse) {
  KnownIssues issues = known(kMeasure);
  CaseTrend trend = worse_cost();
  for (MeasureTrend& one : trend.measures) one.stand.trend = Trend::equivalent;
  issues.apply(trend, "2026-11-27");
  EXPECT_THAT(issues.stale(false), Contains(HasSubstr("KI-3 is stale")));
}

TEST(KnownMeasure, ExplainsNoVerdict) {
  KnownIssues issues = known(kMeasure);
  RunResult run = frozen();
  run.case_name = "cost-switch";
  run.kernel = "6.12.48-cloud-amd64";
  issues.apply(run, "2026-11-27");
  EXPECT_FALSE(run.known);
  KnownIssues both;
  EXPECT_THAT(
      both.parse(std::string(kMeasure) + "verdict = \"freeze\"\n", "known.toml").error().message,
      HasSubstr("explains no verdict"));
}

}  // namespace lab::test
