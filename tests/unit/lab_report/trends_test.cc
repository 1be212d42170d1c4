// What a terminal and a kernel's page say of a session against earlier ones.

#include "harness/report/trends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CaseTrend trend_of(Trend trend, size_t runs = 12) {
  CaseTrend made{.baseline = {.case_name = "spin",
                              .kernel = "6.12.48",
                              .scope = "6.12.48",
                              .accelerator = "tcg",
                              .runs = runs,
                              .sessions = 3,
                              .since = "2026-11-01T12:00:00Z",
                              .until = "2026-11-23T12:00:00Z",
                              .outdated = 2}};
  made.measures = {{.kind = "stacks",
                    .name = "whole <&>",
                    .unit = "%",
                    .margin = 1,
                    .stand = {.trend = trend, .mean = 0.1, .least = 0, .most = 0.2, .now = 25},
                    .before = std::vector<double>(runs, 0.1),
                    .now = {25},
                    .sentence = "off by 25 %"}};
  return made;
}

TEST(TrendsText, SaysWhatIsWorseAndCountsTheRest) {
  const std::string text = trends_text({trend_of(Trend::worse), trend_of(Trend::equivalent)});
  EXPECT_THAT(text, HasSubstr("worse: spin on 6.12.48: off by 25 %"));
  EXPECT_THAT(text, HasSubstr("2 measures: 1 worse, 0 better, 1 equivalent, 0 undecided\n"));
  EXPECT_EQ(trends_text({}), "");
}

TEST(TrendsText, SaysWhatIsKnownAndWhatHasTooFewRuns) {
  CaseTrend known = trend_of(Trend::worse);
  known.measures[0].known = "KI-3";
  known.gone = {"symbols: named"};
  const std::string text = trends_text({known, trend_of(Trend::undecided, 3)});
  EXPECT_THAT(text, HasSubstr("worse (known issue KI-3): spin"));
  EXPECT_THAT(text, HasSubstr("1 worse (1 known)"));
  EXPECT_THAT(text, HasSubstr("not measured any more: spin on 6.12.48: symbols: named"));
  EXPECT_THAT(text, HasSubstr("1 of 2 cases and kernels have fewer than 8 earlier runs"));
}

TEST(TrendsText, HeaderSaysWhichRunsAndWhichNot) {
  EXPECT_EQ(
      baseline_words(trend_of(Trend::worse).baseline),
      "12 runs in 3 sessions on 6.12.48 (tcg), 2026-11-01 to 2026-11-23; left out: 2 outdated");
  EXPECT_THAT(baseline_words(trend_of(Trend::worse, 1).baseline),
              HasSubstr("1 run of the 8 that are needed in 3 sessions"));
  EXPECT_THAT(baseline_words({}), HasSubstr("no earlier run"));
}

TEST(BaselineText, SaysNothingOfRunsThatAreNot) {
  CaseTrend none = trend_of(Trend::undecided, 0);
  EXPECT_THAT(baseline_text(none), HasSubstr("        -         -         -         1         -"));
  EXPECT_THAT(baseline_text(trend_of(Trend::undecided, 3)),
              HasSubstr("      0.1         0       0.2         1         -"));
}

TEST(TrendsPage, DrawsEarlierRunsAndTodays) {
  const std::string page = trends_html({trend_of(Trend::worse)}, "6.12.48");
  EXPECT_THAT(page, HasSubstr("whole &lt;&amp;&gt;"));
  EXPECT_THAT(page, HasSubstr("<td class=\"bad\">worse</td>"));
  size_t dots = 0;
  for (size_t at = 0; (at = page.find("<circle", at)) != std::string::npos; at++) dots++;
  EXPECT_EQ(dots, 12u);
  EXPECT_THAT(page, HasSubstr("x=\"323.0\"")) << "today, at the right end";
}

TEST(TrendsPage, IsOfOneKernelAndLeavesOutStripsOfEqualNumbers) {
  EXPECT_EQ(trends_html({trend_of(Trend::worse)}, "7.3"), "");
  CaseTrend even = trend_of(Trend::equivalent);
  even.measures[0].stand.most = 0;
  const std::string page = trends_html({even}, "6.12.48");
  EXPECT_THAT(page, HasSubstr("1 equivalent"));
  EXPECT_THAT(page, Not(HasSubstr("<circle")));
}

}  // namespace
}  // namespace lab::test
