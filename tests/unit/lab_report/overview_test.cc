// The page says first what changed, and is one safe file.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/report/compare.h"
#include "harness/report/overview.h"
#include "harness/report/sessions.h"

namespace lab::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto kPass = VerdictKind::pass;
constexpr auto kFreeze = VerdictKind::freeze;

Trial trial(const std::string& test, const std::string& kernel, VerdictKind verdict,
            VerdictKind expected = kPass) {
  return {.id = test + "-" + kernel,
          .case_name = test,
          .pattern = kernel,
          .kernel = kernel,
          .verdict = verdict,
          .expected = expected,
          .reason = "because <b>&\xff"};
}

SessionRecord night(int day, std::vector<Trial> trials) {
  return {.key = fmt::format("k{}", day),
          .name = "nightly",
          .started = fmt::format("2026-11-{:02}T02:00:00Z", day),
          .finished = true,
          .trials = std::move(trials)};
}

TEST(Overview, HoldsEachCaseAgainstTheSessionThatHadItLast) {
  const Overview overview =
      make_overview({night(3, {trial("a", "6.12", kFreeze), trial("b", "6.12", kPass)}),
                     night(1, {trial("a", "6.12", kPass)}), night(2, {trial("b", "6.12", kFreeze)}),
                     night(4, {})});
  EXPECT_EQ(overview.sessions.size(), 3u) << "one ran nothing";
  ASSERT_EQ(overview.changes.of(Change::regression).size(), 1u);
  EXPECT_EQ(overview.changes.of(Change::regression).front()->case_name, "a");
  EXPECT_EQ(overview.changes.of(Change::fix).size(), 1u);
}

TEST(Overview, OrdersKernelsByVersion) {
  const Overview overview = make_overview(
      {night(1, {trial("a", "6.12", kPass), trial("a", "6.9", kPass), trial("a", "5.10", kPass)})});
  EXPECT_THAT(overview.kernels, ElementsAre("5.10", "6.9", "6.12"));
}

TEST(OverviewPage, OpensWithWhatChanged) {
  const std::string page =
      to_page(make_overview({night(1, {trial("a", "6.12", kPass)}),
                             night(2, {trial("a", "6.12", kFreeze), trial("a", "7.3", kPass)})}));
  const size_t changes = page.find("Since the last run");
  ASSERT_NE(changes, std::string::npos);
  EXPECT_LT(changes, page.find("Kernels and cases"));
  EXPECT_THAT(page, HasSubstr("<div class=\"figure\">1</div><div>new failure</div>"));
  EXPECT_THAT(page, HasSubstr("<div class=\"figure\">1</div><div>new kernel</div>"));
  EXPECT_THAT(page, HasSubstr("chance alone could do it"));
}

TEST(OverviewPage, KeepsInSightWhatStaysRed) {
  const auto red = [](int day) { return night(day, {trial("a", "6.12", kFreeze)}); };
  const std::string page = to_page(make_overview({red(1), red(2)}));
  EXPECT_THAT(page, HasSubstr("<div class=\"figure\">0</div><div>new failures</div>"));
  EXPECT_THAT(page, HasSubstr("<h3>Still failing"));
}

TEST(OverviewPage, IsOneFileWhateverGuestsSaid) {
  const std::string page = to_page(make_overview({night(1, {trial("<script>", "6.12", kFreeze)}),
                                                  night(2, {trial("<script>", "6.12", kPass)})}));
  for (const char* foreign : {"<script", "<link", "<img", "url(http", "@import", "href=\"http"})
    EXPECT_THAT(page, Not(HasSubstr(foreign)));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_EQ(page.find('\xff'), std::string::npos);
}

TEST(OverviewPage, SaysWhenThereIsNothing) {
  EXPECT_THAT(to_page(make_overview({})), HasSubstr("Nothing ran"));
  EXPECT_THAT(to_page(make_overview({night(1, {trial("a", "6.12", kPass)})})),
              HasSubstr("The first run"));
}

TEST(OverviewTone, UnexpectedIsWorseThanKnownIsWorseThanGood) {
  const Trial good = trial("a", "6.12", kPass);
  const Trial bad = trial("a", "6.12", kFreeze);
  Trial known = bad;
  known.known = "KI-1";
  const Trial lab = trial("a", "6.12", VerdictKind::infra);
  EXPECT_STREQ(tone_of({&good, &bad, &known}), "bad");
  EXPECT_STREQ(tone_of({&good, &known}), "known");
  EXPECT_STREQ(tone_of({&good, &lab}), "good");
  EXPECT_STREQ(tone_of({&lab}), "none");
}

TEST(OverviewPage, TellsProbabilitiesWithTheirIntervals) {
  SessionRecord session = night(1, {});
  for (int i = 0; i < 20; ++i) session.trials.push_back(trial("a", "6.12", kPass));
  for (int i = 0; i < 20; ++i)
    session.trials.push_back(trial("a", "6.17", i < 10 ? kPass : kFreeze, kFreeze));
  const std::string page = to_page(make_overview({session}));
  EXPECT_THAT(page, HasSubstr("at most 14 %"));         // 1 - 0.05^(1/20)
  EXPECT_THAT(page, HasSubstr("50 % (27 % to 73 %)"));  // Clopper and Pearson, 10 of 20
}

// --- text and JSON of a comparison

TEST(ComparisonText, SaysCountsProofAndWhatWouldTell) {
  const Comparison comparison =
      compare(night(1, {trial("a", "6.12", kPass), trial("b", "6.12", VerdictKind::infra)}),
              night(2, {trial("a", "6.12", kFreeze), trial("b", "6.12", kPass)}));
  const std::string text = format_comparison(comparison, false);
  EXPECT_THAT(text, HasSubstr("regressions (1)"));
  EXPECT_THAT(text, HasSubstr("a  6.12: 1 pass -> 1 freeze; p = 1: chance alone could do it; at "
                              "these shares 4 runs of each would tell"));
  EXPECT_THAT(text, HasSubstr("1 regression (0 proven)"));
  EXPECT_THAT(text, HasSubstr("without a verdict: 1 of 2 runs before, 0 of 2 after"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(ComparisonJson, HasItsFields) {
  const auto json = nlohmann::json::parse(comparison_to_json(
      compare(night(1, {trial("a", "6.12", kPass)}), night(2, {trial("a", "6.12", kFreeze)}))));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["counts"]["regression"], 1);
  const auto& cell = json["cells"][0];
  EXPECT_EQ(cell["change"], "regression");
  EXPECT_EQ(cell["proven"], false);
  EXPECT_EQ(cell["before"]["verdicts"]["pass"], 1);
  EXPECT_EQ(cell["after"]["unexpected"], 1);
  EXPECT_EQ(cell["p"], 1.0);
  EXPECT_TRUE(cell["p_adjusted"].is_null());
}

TEST(SessionList, SaysHowEachEnded) {
  EXPECT_EQ(format_sessions({}), "no session was recorded yet\n");
  SessionRecord session = night(1, {});
  session.finished = false;
  session.planned = 8;
  const std::string text = format_sessions({{session, 4, 1, 1, 2}, {night(2, {}), 3, 0, 0, 0}});
  EXPECT_THAT(text, HasSubstr("1 unexpected, 2 undecided, 1 known, 8 planned, not finished"));
  EXPECT_THAT(text, HasSubstr("as expected"));
}

}  // namespace lab::test
