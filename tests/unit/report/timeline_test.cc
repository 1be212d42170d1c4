// What `thaw timeline` says of reasons that are not known, and of time of which nothing is.

#include "profiler/report/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// 7 waits `shed` times without a stack because of the brake, and `silent` times without any reason
/// given.
GivenCapture given_unknown_waits(int shed, int silent) {
  GivenCapture given;
  auto cpu = given.cpu(0).ran(7);
  for (int wait = 0; wait < shed + silent; wait++) {
    cpu.at(10_ms * wait + 1_ms);
    if (wait < shed)
      cpu.blocks_unseen_for(8);
    else
      cpu.sleeps_for(8);
    cpu.at(10_ms * wait + 5_ms).wakes(7).woken(7).switch_to(7);
  }
  return given;
}

std::string text_of(const GivenCapture& given) {
  const Capture capture = given.capture();
  return timeline_text(capture, thread_times(capture), 5);
}

nlohmann::json json_of(const GivenCapture& given) {
  const Capture capture = given.capture();
  return nlohmann::json::parse(timeline_json(capture, thread_times(capture)));
}

TEST(TimelineText, TellsReasonsLeftOutByTheBrakeFromOthersThatAreUnknown) {
  const std::string both = text_of(given_unknown_waits(2, 1));
  EXPECT_THAT(both, HasSubstr("for unknown 12.0 ms (3×, 2 of them left out by the brake)"));
  EXPECT_THAT(both, HasSubstr("stacks of 2 waits, to keep the cost below --max-overhead; raise"));
  EXPECT_THAT(both, HasSubstr("unknown otherwise: 1 waits"));
  const std::string others = text_of(given_unknown_waits(0, 3));
  EXPECT_THAT(others, HasSubstr("for unknown 12.0 ms (3×)\n"));
  EXPECT_THAT(others, Not(HasSubstr("brake")));
  EXPECT_THAT(others, HasSubstr("unknown: 3 waits"));
}

TEST(TimelineJson, TellsThemToo) {
  const nlohmann::json thread = json_of(given_unknown_waits(2, 1))["threads"][0];
  EXPECT_EQ(thread["tid"], 7);
  EXPECT_EQ(thread["waits"]["unknown"], 3);
  EXPECT_EQ(thread["left_out_by_brake"]["waits"], 2);
  EXPECT_EQ(thread["left_out_by_brake"]["waiting_ns"], 8_ms);
}

/// 7 is switched out of a CPU to which no switch brought it.
GivenCapture given_a_missing_switch() {
  GivenCapture given;
  given.cpu(0).ran(7).at(1_ms).sleeps_for(8).ran(7).at(5_ms).switch_to(8);
  return given;
}

TEST(TimelineText, SaysWhetherSwitchesWereLostOrNeverTold) {
  GivenCapture lost = given_a_missing_switch();
  lost.tally.switches = {{3, true}};
  lost.loses("ring_full", 1);
  EXPECT_THAT(text_of(lost), HasSubstr("unknown for 4.00 ms: events were lost (see thaw info)\n"));
  EXPECT_EQ(json_of(lost)["unknown_because"], nlohmann::json({"events lost"}));
  GivenCapture untold = given_a_missing_switch();
  untold.tally.switches = {{3, true}};
  untold.loses("stack_cut", 1);  // no event is gone for that
  EXPECT_THAT(text_of(untold),
              HasSubstr("unknown for 4.00 ms: the kernel did not tell of 1 of its switches\n"));
  EXPECT_EQ(json_of(untold)["unknown_because"], nlohmann::json({"switches not traced"}));
  EXPECT_THAT(text_of(given_a_missing_switch()),
              HasSubstr("unknown for 4.00 ms: the kernel did not tell of a switch\n"))
      << "not counted, but nothing was lost";
  EXPECT_THAT(text_of(given_a_missing_switch().is_killed(true)),
              HasSubstr("unknown for 4.00 ms: a switch is not in the capture\n"))
      << "nobody knows why";
  EXPECT_TRUE(json_of(given_unknown_waits(1, 0))["unknown_because"].empty());
}

}  // namespace
}  // namespace thaw::test
