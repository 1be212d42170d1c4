// Counts: both signs of a difference, and what cannot be counted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_truth.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

GivenCapture given_switches() {
  GivenCapture given;
  given.cpu(0).ran(7).at(10_ms).switch_to(8).at(20_ms).switch_to(7);
  return given;
}

Fidelity fidelity_of(const GivenCapture& given) {
  return measure_fidelity(given.capture(), given_truth({.tid = Tid(7)}), 0.001);
}

TEST(Counts, AreRightWhenEveryEventIsRecordedOrLostByName) {
  const Fidelity fidelity = fidelity_of(given_switches().loses("ring_full", 3));
  EXPECT_TRUE(named(fidelity, "events that are neither").is_good());
  EXPECT_TRUE(named(fidelity, "losses by name").is_good());
}

TEST(Counts, CatchEventsThatAreGoneWithoutAName) {
  const Fidelity fidelity = fidelity_of(given_switches().leaks(1));
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::counts));
  EXPECT_DOUBLE_EQ(named(fidelity, "events that are neither").value, 1);
}

TEST(Counts, CatchLossesThatAreCountedTwice) {
  GivenCapture given = given_switches().loses("ring_full", 3);
  given.tally.losses["ring_full"] = 6;
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre(MeasureKind::losses));
  EXPECT_DOUBLE_EQ(named(fidelity, "losses by name").value, 3);
}

TEST(Counts, CatchSwitchesThatTheKernelNeverMade) {
  GivenCapture given = given_switches();
  given.tally.switches = {{.kernel = 1, .closed = true}};
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre(MeasureKind::counts));
  given.tally.switches = {{.kernel = 2, .closed = true}};
  EXPECT_THAT(wrong_kinds(fidelity_of(given)), ElementsAre());
}

TEST(Counts, OnlyReportSwitchesThatNoProgramSaw) {
  GivenCapture given = given_switches();
  given.tally.switches = {{.kernel = 4, .closed = true}};
  const Fidelity fidelity = fidelity_of(given);
  EXPECT_DOUBLE_EQ(named(fidelity, "switches that only").value, 50);
  EXPECT_THAT(wrong_kinds(fidelity), ElementsAre());
}

TEST(Counts, AreUnavailableInACaptureThatWasKilled) {
  const Fidelity fidelity = fidelity_of(given_switches().is_killed(true));
  EXPECT_THAT(named(fidelity, "events that are neither").unavailable, HasSubstr("killed"));
  EXPECT_THAT(named(fidelity, "losses by name").unavailable, HasSubstr("killed"));
}

}  // namespace
}  // namespace thaw::test
