// `thaw info --json`: the fields that scripts rely on (design.md), under their names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "profiler/report/info.h"
#include "profiler/store/losses.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

using Json = nlohmann::json;

Json json_of(const Capture& capture) {
  return Json::parse(info_json(capture));
}

GivenCapture given_some() {
  GivenCapture given;
  given.cpu(0).at(1_ms).switch_to(7).at(2_ms).sample({1}, {2}).at(3_ms).switch_to(0);
  given.loses("ring_full", 4).loses("stack_cut", 1).emits(1, EmitContext::nmi, 300, 2);
  given.tally.switches = {{6, true}};
  return given;
}

TEST(InfoJson, HasTheFieldsThatScriptsRelyOn) {
  const Json json = json_of(given_some().capture());
  EXPECT_EQ(json.at("schema"), kInfoSchema);
  EXPECT_EQ(json.at("kernel"), "6.12.48");
  EXPECT_EQ(json.at("clock"), "none");
  EXPECT_EQ(json.at("transport"), "split");
  EXPECT_EQ(json.at("duration_s"), 1.0);
  EXPECT_EQ(json.at("events").at("sched_switch"), 2);
  EXPECT_EQ(json.at("events").at("sample"), 1);
  EXPECT_EQ(json.at("events").at("stall"), 0);
  EXPECT_EQ(json.at("happened").at("sched_switch"), 6);
  EXPECT_EQ(json.at("unaccounted"), 0);
  EXPECT_EQ(json.at("kernel_switches"), 6);
  EXPECT_EQ(json.at("emit_ns").at("nmi").at("count"), 2);
  EXPECT_EQ(json.at("emit_ns").at("nmi").at("max"), 300);
  EXPECT_EQ(json.at("emit_ns").at("nmi").at("histogram").at(8), 2);
  EXPECT_EQ(json.at("emit_ns").at("task").at("count"), 0);
  EXPECT_EQ(json.at("stacks").at("complete"), 0);
  EXPECT_EQ(json.at("stacks").at("unknown"), 1);
  EXPECT_EQ(json.at("stacks").at("cut").at("no_unwind_info"), 0);
  EXPECT_EQ(json.at("stacks").at("cut").at("stack_cut"), 1);
  EXPECT_EQ(json.at("bytes_damaged"), 0);
  EXPECT_EQ(json.at("complete"), true);
}

TEST(InfoJson, NamesEveryLossEvenWhenThereWasNone) {
  const Json losses = json_of(given_some().loses("new_loss", 9).capture()).at("losses");
  for (const Loss& loss : all_losses()) EXPECT_TRUE(losses.contains(loss.name)) << loss.name;
  EXPECT_EQ(losses.at("ring_full"), 4);
  EXPECT_EQ(losses.at("recursion"), 0);
  EXPECT_EQ(losses.at("new_loss"), 9);
}

TEST(InfoJson, TellsAnExitCodeFromNoCommand) {
  GivenCapture given = given_some();
  EXPECT_TRUE(json_of(given.capture()).at("command_exit").is_null());
  given.ending.command_exit = 0;
  EXPECT_EQ(json_of(given.capture()).at("command_exit"), 0);
}

TEST(InfoJson, SaysNullForWhatIsNotKnown) {
  const Json json = json_of(given_some().is_killed(false).capture());
  for (const char* field : {"command_exit", "end_reason", "kernel_switches", "nmi_runs"})
    EXPECT_TRUE(json.at(field).is_null()) << field;
  EXPECT_EQ(json.at("complete"), false);
  EXPECT_EQ(json.at("losses"), Json::object());
}

TEST(InfoJson, CountsDamage) {
  const auto capture = Capture::parse(given_some().bytes() + "garbage", "x");
  ASSERT_TRUE(capture);
  EXPECT_EQ(json_of(*capture).at("bytes_damaged"), 7);
  EXPECT_EQ(json_of(*capture).at("places_damaged"), 1);
  EXPECT_EQ(json_of(*capture).at("complete"), false);
}

TEST(InfoJson, IsJsonWhateverBytesTheCaptureHolds) {
  GivenCapture given = given_some();
  given.header.command = given.header.kernel = "\xff\"\n";
  given.loses("\xfe", 1);
  EXPECT_EQ(json_of(given.capture()).at("schema"), kInfoSchema);
}

}  // namespace thaw::test
