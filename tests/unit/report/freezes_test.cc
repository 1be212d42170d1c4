// `thaw freezes`, as text and as JSON.

#include "profiler/report/freezes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::HasSubstr;
using testing::Not;

GivenCapture frozen() {
  GivenCapture given;
  given.cpu(0).at(100_ms).slow_emit(EmitContext::task, 250_ms);
  given.cpu(1).at(110_ms).slow_emit(EmitContext::nmi, 40_ms, {0x1, 0x2});
  given.cpu(1).at(600_ms).stalls(10_ms, "heartbeat");
  return given;
}

std::string text_of(const GivenCapture& given, int64_t least_ns = 1_ms) {
  const Capture capture = given.capture();
  return freezes_text(capture, find_freezes(capture, least_ns), least_ns);
}

nlohmann::json json_of(const GivenCapture& given) {
  const Capture capture = given.capture();
  return nlohmann::json::parse(freezes_json(capture, find_freezes(capture, 1_ms), 1_ms));
}

TEST(FreezesText, SaysWhenWhereHowLongAndWhy) {
  const std::string text = text_of(frozen());
  EXPECT_THAT(text, HasSubstr("    0.100000 s     250 ms  CPUs 0,1      emit in nmi and task"));
  EXPECT_THAT(text, HasSubstr("    0.600000 s    10.0 ms  CPU 1         heartbeat came late"));
  EXPECT_THAT(text, HasSubstr("2 freezes of 1.00 ms or more, 260 ms in all, the longest 250 ms"));
}

TEST(FreezesText, ShowsTheTopOfTheStack) {
  GivenCapture given;
  given.cpu(0).slow_emit(EmitContext::nmi, 5_ms, {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77});
  EXPECT_THAT(text_of(given), HasSubstr("0x66\n"));
  EXPECT_THAT(text_of(given), Not(HasSubstr("0x77")));
}

TEST(FreezesText, IsOneSentenceWhenThereIsNone) {
  EXPECT_EQ(text_of({}, 8_ms), "no freeze of 8.00 ms or more\n");
}

TEST(FreezesText, LetsNoWitnessWriteToTheTerminal) {
  GivenCapture given;
  given.cpu(0).stalls(5_ms, "\x1b[2J");
  EXPECT_THAT(text_of(given), Not(HasSubstr("\x1b")));
}

TEST(FreezesText, CountsFromTheFirstEventWhenNoHeaderIsReadable) {
  GivenCapture given = frozen();
  given.header.start_ns = 0;
  EXPECT_THAT(text_of(given), HasSubstr("    0.000000 s     250 ms"));
}

TEST(FreezesJson, HasTheFieldsThatScriptsRelyOn) {
  const auto json = json_of(frozen());
  EXPECT_EQ(json.at("schema"), 1);
  ASSERT_EQ(json.at("freezes").size(), 2u);
  const auto& freeze = json["freezes"][0];
  EXPECT_EQ(freeze.at("start_ns"), 100_ms);
  EXPECT_EQ(freeze.at("length_ns"), 250_ms);
  EXPECT_EQ(freeze.at("cpus"), nlohmann::json({0, 1}));
  EXPECT_EQ(freeze.at("cause"), "emit in nmi and task context took too long");
  EXPECT_EQ(freeze.at("stack"), nlohmann::json({"0x1", "0x2"}));
}

TEST(FreezesJson, IsAnEmptyListWhenThereIsNone) {
  EXPECT_EQ(json_of({}).at("freezes"), nlohmann::json::array());
}

TEST(FreezesJson, SurvivesAWitnessThatIsNoUtf8) {
  GivenCapture given;
  given.cpu(0).stalls(5_ms, "\xff");
  EXPECT_EQ(json_of(given)["freezes"].size(), 1u);
}

}  // namespace thaw::test
