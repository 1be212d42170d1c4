// `thaw report`: what the head says of the recording, and who woke whom.

#include "profiler/report/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::HasSubstr;

/// Of one second on one CPU: 7 runs for 100 ms, waits for 8 for 200, and runs again.
GivenCapture given_second() {
  GivenCapture given;
  given.header.sample_hz = 100;
  given.header.clock = "cpu-clock";
  given.cpu(0)
      .at(0_ms)
      .names(EventKind::task_seen, 7, "waiter")
      .names(EventKind::task_seen, 8, "waker");
  given.cpu(0).ran(7).at(50_ms).sample({}, {0x401000}).at(100_ms).sleeps_for(8);
  given.cpu(0).at(300_ms).wakes(7).woken(7).sleeps_for(7);
  given.emits(0, EmitContext::task, 1_us, 1'000);
  given.tally.own_cpu_ns = 8'000'000;
  given.tally.programs_ns = 768'000;
  return given;
}

std::string text_of(const GivenCapture& given) {
  const Capture capture = given.capture();
  return profile_text(capture, make_profile(capture), 10);
}

nlohmann::json json_of(const GivenCapture& given) {
  const Capture capture = given.capture();
  return nlohmann::json::parse(profile_json(capture, make_profile(capture)));
}

TEST(ProfileReport, SaysHowLongWhatWasLostAndWhatItCost) {
  GivenCapture given = given_second();
  given.loses("ring_full", 3);
  const std::string text = text_of(given);
  EXPECT_THAT(text,
              HasSubstr("1.00 s of every thread: 1 samples of threads at 100 Hz (cpu-clock)"));
  EXPECT_THAT(text, HasSubstr("7 events recorded, 3 lost (thaw info says how)"));
  EXPECT_THAT(text, HasSubstr("cost 8.00 ms of CPU time and 768 µs in programs inside what was "
                              "recorded: 0.88 % of the machine"));
  const nlohmann::json json = json_of(given);
  EXPECT_EQ(json["duration_s"], 1.0);
  EXPECT_EQ(json["lost"], 3);
  EXPECT_EQ(json["own"]["cpu_ns"], 8'000'000);
  EXPECT_EQ(json["own"]["programs_ns"], 768'000);
}

TEST(ProfileReport, NamesNoCostThatNobodyMeasured) {
  GivenCapture given = given_second();
  EXPECT_THAT(text_of(given.is_killed(false)), HasSubstr("it was killed before it said its cost"));
}

TEST(ProfileReport, SaysWhoWokeWhomAndWhatThatEnded) {
  const std::string text = text_of(given_second());
  EXPECT_THAT(text, HasSubstr("waker (8) → waiter (7)"));
  const nlohmann::json json = json_of(given_second());
  ASSERT_EQ(json["wakes"].size(), 1u);
  EXPECT_EQ(json["wakes"][0]["waker_tid"], 8);
  EXPECT_EQ(json["wakes"][0]["tid"], 7);
  EXPECT_EQ(json["wakes"][0]["count"], 1);
  EXPECT_EQ(json["wakes"][0]["waited_ns"], 200'000'000);
}

TEST(ProfileReport, HoldsSamplesAgainstTheTimeOnACpu) {
  const nlohmann::json json = json_of(given_second());
  for (const nlohmann::json& thread : json["threads"]) {
    if (thread["tid"] != 7) continue;
    EXPECT_EQ(thread["samples"], 1);
    EXPECT_EQ(thread["expected_samples"], 80) << "100 ms and 700 at 100 Hz";
    EXPECT_EQ(thread["waits_ns"]["unknown"], 200'000'000);
  }
  GivenCapture unsampled = given_second();
  unsampled.header.sample_hz = 0;
  EXPECT_TRUE(json_of(unsampled)["threads"][0]["expected_samples"].is_null());
}

TEST(ProfileReport, IsTheSameWithSamplesApart) {
  const std::string bytes = given_second().bytes();
  const auto apart = Capture::parse(bytes, "a.thaw", Samples::apart);
  ASSERT_TRUE(apart);
  EXPECT_EQ(profile_text(*apart, make_profile(*apart), 10), text_of(given_second()));
  EXPECT_EQ(nlohmann::json::parse(profile_json(*apart, make_profile(*apart))),
            json_of(given_second()));
}

TEST(ProfileReport, KnowsAProcessBySamplesAloneAlsoWhenTheyAreApart) {
  GivenCapture given;
  given.header.scope = "pid 7";
  given.cpu(0).ran(7).at(1_ms).sample({}, {0x401000}).at(2_ms).sleeps_for(0);
  const auto apart = Capture::parse(given.bytes(), "a.thaw", Samples::apart);
  ASSERT_TRUE(apart);
  EXPECT_EQ(make_profile(*apart).threads.size(), 1u);
  EXPECT_EQ(make_profile(given.capture()).threads.size(), 1u);
}

}  // namespace
}  // namespace thaw::test
