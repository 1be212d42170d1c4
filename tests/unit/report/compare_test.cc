// The comparison as a table and as JSON.

#include "profiler/report/compare.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/made_up_captures.h"

namespace thaw::test {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class CompareReport : public testing::Test {
 protected:
  void compare(const GivenCapture& before, const GivenCapture& after) {
    const Capture a = before.capture();
    const Capture b = after.capture();
    const Profile of_a = make_profile(a);
    const Profile of_b = make_profile(b);
    comparison_ = thaw::compare({Profiled{a, of_a}, Profiled{b, of_b}}, {});
  }
  std::string text(bool all = false) { return compare_text(comparison_, {{"a", "b"}, 25, all}); }

  const GivenCapture before_ = sampled_capture({{"parse", 600}, {"sort", 300}, {"write", 100}});
  const GivenCapture after_ = sampled_capture({{"parse", 600}, {"sort", 900}, {"write", 105}});
  Comparison comparison_;
};

TEST_F(CompareReport, ShowsWhatChangedAndCountsTheRest) {
  compare(before_, before_);
  EXPECT_THAT(text(), HasSubstr("no function's share changed beyond chance, of 3\n"));
  EXPECT_THAT(text(), HasSubstr("no thread ran or was ready 1 ms/s more or less"));
  EXPECT_THAT(text(true), HasSubstr(" 30.0  30.0   +0.0 "));
}

TEST_F(CompareReport, MarksWhatChanceDoesNotExplain) {
  compare(before_, after_);
  EXPECT_THAT(text(), HasSubstr(" 30.0  56.1  +26.1*"));
  EXPECT_THAT(text(), HasSubstr("sort  [kernel]"));
  EXPECT_THAT(grown_text(comparison_, 5),
              HasSubstr("1 function grew by more than 5 points; most of all sort, by 26.1"));
  EXPECT_EQ(grown_text(comparison_, 27), "");
}

TEST_F(CompareReport, WaitsThatMovedNameTheirReason) {
  GivenCapture after = busy_capture();
  after.cpu(0).at(60_ms).sleeps_for(0);
  compare(busy_capture(), after);
  EXPECT_THAT(text(), HasSubstr("waits for unknown 0.0 → 400.0"));
}

TEST_F(CompareReport, JsonHasSharesRatesAndThreads) {
  compare(before_, after_);
  const Json out = Json::parse(compare_json(comparison_, {{"a", "b"}, 25, false}, 5));
  EXPECT_EQ(out["schema"], 1);
  EXPECT_EQ(out["captures"]["before"]["samples"], 1000);
  const Json& sort = out["functions"][0];
  EXPECT_EQ(sort["name"], "sort");
  EXPECT_EQ(sort["self"]["samples"], Json({{"before", 300}, {"after", 900}}));
  EXPECT_NEAR(sort["self"]["share"]["before"].get<double>(), 0.3, 1e-9);
  // 300 of 1.001 s.
  EXPECT_NEAR(sort["self"]["per_s"]["before"].get<double>(), 300 / 1.001, 1e-6);
  EXPECT_TRUE(sort["self"]["significant"]);
  EXPECT_EQ(out["grown"], Json::parse(R"([{"name": "sort", "module": "kernel"}])"));
  EXPECT_EQ(out["threads"][0]["name"], "app");
}

TEST_F(CompareReport, EmptyCapturesAreNoReasonToFail) {
  compare({}, {});
  EXPECT_THAT(text(), HasSubstr("no function's share changed beyond chance, of 0"));
  EXPECT_THAT(compare_json(comparison_, {{"a", "b"}, 25, false}, {}), Not(HasSubstr("grown")));
}

}  // namespace thaw::test
