#include "harness/report/kernel_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

thaw::Measure share_of(const std::string& name, double value) {
  return {.name = "share of " + name,
          .kind = thaw::MeasureKind::shares,
          .value = value,
          .unit = "%",
          .low = 60,
          .high = 80,
          .means = "samples are not where time was",
          .is_of_truth = true};
}

RunResult run_on(const std::string& kernel, const std::string& name) {
  RunResult run;
  run.id = name + "-" + kernel;
  run.case_name = name;
  run.kernel = kernel;
  run.capture = "x/capture.thaw";
  run.verdict.kind = VerdictKind::pass;
  return run;
}

ResultSet measured() {
  ResultSet results;
  results.runs = {run_on("6.12", "spin"), run_on("6.12", "plain"), run_on("7.3", "spin"),
                  run_on("5.10", "plain")};
  results.runs[0].verdict.measures = {share_of("hot", 71),
                                      {.name = "reasons",
                                       .kind = thaw::MeasureKind::waits,
                                       .unavailable = "the truth <says> nothing"}};
  results.runs[2].verdict.measures = {share_of("hot", 95)};
  results.runs[2].losses = {{"ring_full", 7}, {"stack_cut", 0}};
  return results;
}

TEST(KernelPage, IsMadeWhereThereIsSomethingToSay) {
  EXPECT_THAT(kernels_with_pages(measured()), ElementsAre("6.12", "7.3"));
}

TEST(KernelPage, HasANameThatAFileCanHave) {
  EXPECT_EQ(kernel_page_name("6.12.1+deb13/x"), "kernel-6.12.1_deb13_x.html");
}

TEST(KernelPage, SaysWhatIsTrue) {
  const std::string page = kernel_page(measured(), "6.12", {});
  EXPECT_THAT(page, HasSubstr("✓ 1</td>"));
  EXPECT_THAT(page, HasSubstr("reasons: the truth &lt;says&gt; nothing"));
  EXPECT_THAT(page, HasSubstr("<td class=\"number \">71.00 %</td>"));
  EXPECT_THAT(page, HasSubstr("<td title=\"share of hot\">share of hot</td>"));
  EXPECT_THAT(page, HasSubstr("What is lost</h2>\n<p>Nothing."));
  EXPECT_THAT(page, Not(HasSubstr("This means")));
}

TEST(KernelPage, SaysWhatIsNotTrueAndWhatIsLost) {
  const std::string page = kernel_page(measured(), "7.3", {{"spin-7.3", "<svg id=\"threads\"/>"}});
  EXPECT_THAT(page, HasSubstr("✗ 1 of 1</td>"));
  EXPECT_THAT(page,
              HasSubstr("share of hot: 95 %, good from 60 to 80. This means: samples are not"));
  EXPECT_THAT(page, HasSubstr("<td>ring_full</td><td class=\"number\">7</td>"));
  EXPECT_THAT(page, Not(HasSubstr("stack_cut")));
  EXPECT_THAT(page, HasSubstr("<svg id=\"threads\"/>"));
}

TEST(KernelPage, ShowsTheComparisonBesideTheSubject) {
  ResultSet results = measured();
  RunResult& run = results.runs[0];
  run.verdict.measures.insert(run.verdict.measures.begin(), {.name = "samples of what was due",
                                                             .kind = thaw::MeasureKind::rate,
                                                             .value = 99,
                                                             .unit = "%",
                                                             .high = 100});
  run.verdict.comparison =
      ComparedRecorder{.command = "perf record <x>",
                       .format = "perf-script",
                       .measures = {share_of("hot", 90), share_of("cold", 70)}};
  const std::string page = kernel_page(results, "6.12", {});
  EXPECT_THAT(page, HasSubstr("spin: beside <code>perf record &lt;x&gt;</code>"));
  EXPECT_THAT(
      page,
      HasSubstr("<td class=\"name\">share of hot</td><td class=\"number\" title=\"good from 60 to "
                "80\">71 % ✓</td><td class=\"number bad\" title=\"good from 60 to "
                "80\">90 % ✗</td>"));
  EXPECT_THAT(
      page,
      HasSubstr("<td class=\"name\">samples of what was due</td><td class=\"number\" title=\"good "
                "from 0 to 100\">99 % ✓</td><td class=\"number soft\" title=\"it "
                "has no such measure\">–</td>"));
  EXPECT_THAT(page, HasSubstr("only the comparison has it\">–</td><td class=\"number\""));
  EXPECT_LT(page.find("90 % ✗"), page.find("it has no such measure")) << "what both have is first";

  run.verdict.comparison = ComparedRecorder{.failure = "it did not start"};
  EXPECT_THAT(kernel_page(results, "6.12", {}), HasSubstr("Not compared: it did not start."));
}

TEST(KernelPage, IsMadeForAComparisonAlone) {
  ResultSet results = measured();
  results.runs[3].verdict.comparison = ComparedRecorder{.command = "perf"};
  EXPECT_THAT(kernels_with_pages(results), ElementsAre("6.12", "7.3", "5.10"));
}

}  // namespace
}  // namespace lab::test
