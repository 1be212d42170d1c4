// Each question of the page, asked of a small capture.

#include "profiler/ui/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "profiler/ui/stack_sums.h"
#include "tests/support/given_lanes.h"

namespace thaw::test {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kWork = 0xffffffff81000100;
constexpr uint64_t kBlock = 0xffffffff81000200;

/// Threads 7 and 8 of one process; 7 runs 0–10 ms with samples at 2, 4 and 6, waits for a futex
/// until 8 wakes it at 30, and runs 40–90 with one at 50.
GivenCapture a_capture() {
  GivenCapture given;
  given.header.clock = "cpu-clock";
  given.header.sample_hz = 1000;
  given.ending.end_ns = kStart + 90_ms;  // 40 ms without a sample are no freeze
  given.functions = {{.address = kWork, .bytes = 0x80, .name = "do_work", .module = ""},
                     {.address = kBlock, .bytes = 0x80, .name = "futex_wait", .module = ""}};
  given.thread_of(8, 7);
  given.cpu(0)
      .ran(7)
      .names(EventKind::task_seen, 7, "worker")
      .names(EventKind::task_seen, 8, "helper");
  for (const int64_t at : {2_ms, 4_ms, 6_ms}) given.cpu(0).at(at).sample({kWork + 4}, {});
  given.cpu(0).at(10_ms).blocks_for(8, {kBlock + 4});
  given.cpu(0)
      .at(30_ms)
      .wakes_from(7, {kWork + 12})
      .woken(7)
      .at(40_ms)
      .sleeps_for(7)
      .at(50_ms)
      .sample({kWork + 8}, {});
  return given;
}

std::unique_ptr<Answers> answers_of(const GivenCapture& given) {
  return std::make_unique<Answers>(lanes_of(given), "a.thaw", NameOptions{});
}

json ask(Answers& answers, std::string_view question, const Query& query) {
  const Answer answer = answers.answer(question, query);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return json::parse(answer.body);
}

TEST(Answers, SummaryHasTheLanes) {
  const json summary = json::parse(answers_of(a_capture())->summary());
  EXPECT_EQ(summary["samples"], 4);
  ASSERT_EQ(summary["lanes"].size(), 3u) << "two threads and a CPU";
  EXPECT_EQ(summary["lanes"][0]["name"], "worker");
  EXPECT_EQ(summary["lanes"][0]["running"], 60'000'000);
  EXPECT_EQ(summary["lanes"][0]["waiting"], 20'000'000);
  EXPECT_EQ(summary["lanes"][0]["ready"], 10'000'000);
  EXPECT_EQ(summary["lanes"][1]["process"], "worker");
  EXPECT_EQ(summary["lanes"][2]["kind"], "cpu");
  EXPECT_EQ(summary["lanes"][2]["running"], 90'000'000);
  EXPECT_EQ(summary["classes"][kStalled]["kind"], "stalled");
}

TEST(Answers, StacksOfARangeAddUp) {
  const auto answers = answers_of(a_capture());
  json all = ask(*answers, "stacks",
                 {{"lanes", "0-1"}, {"from", "0"}, {"to", "100000000"}, {"kind", "running"}});
  EXPECT_EQ(all["total"], 4);
  EXPECT_EQ(
      all["names"]["names"][all["names"]["functions"][all["rows"][0][0].get<int>()].get<int>()],
      "do_work");
  json part = ask(*answers, "stacks",
                  {{"lanes", "0"}, {"from", "4000000"}, {"to", "50000000"}, {"kind", "running"}});
  EXPECT_EQ(part["total"], 2) << "from is in it, to is not";
  json cpu = ask(*answers, "stacks",
                 {{"lanes", "2"}, {"from", "0"}, {"to", "5000000"}, {"kind", "running"}});
  EXPECT_EQ(cpu["total"], 2) << "of whoever had the CPU";
}

TEST(Answers, WaitsCountWithTheirTimeInTheRange) {
  const auto answers = answers_of(a_capture());
  const json waits =
      ask(*answers, "stacks",
          {{"lanes", "0"}, {"from", "20000000"}, {"to", "90000000"}, {"kind", "waiting"}});
  EXPECT_EQ(waits["unit"], "ns");
  EXPECT_EQ(waits["total"], 10'000'000);
  ASSERT_EQ(waits["rows"].size(), 1u);
  EXPECT_EQ(waits["rows"][0][3], kFirstWait + static_cast<int>(WaitReason::futex));
}

TEST(Answers, WakersAreTheStacksOfThoseWhoEndedAWait) {
  const auto answers = answers_of(a_capture());
  const json wakers = ask(*answers, "stacks",
                          {{"lanes", "0"}, {"from", "0"}, {"to", "90000000"}, {"kind", "wakers"}});
  EXPECT_EQ(wakers["total"], 20'000'000);
  ASSERT_EQ(wakers["rows"].size(), 1u);
  EXPECT_NE(wakers["rows"][0][0], 0) << "helper woke from do_work";
}

TEST(Answers, AWaitKnowsItsWaker) {
  const auto answers = answers_of(a_capture());
  const json at = ask(*answers, "at", {{"lane", "0"}, {"time", "15000000"}});
  EXPECT_EQ(at["slice"]["start"], 10'000'000);
  EXPECT_EQ(at["slice"]["end"], 30'000'000);
  EXPECT_EQ(at["waker"]["lane"], 1);
  EXPECT_EQ(at["waker"]["tid"], 8);
  EXPECT_EQ(at["waker"]["time"], 30'000'000);
  const json running = ask(*answers, "at", {{"lane", "0"}, {"time", "5000000"}});
  EXPECT_EQ(running["slice"]["class"], kRunning);
  EXPECT_FALSE(running.contains("waker"));
  EXPECT_NE(running["slice"]["node"], 0) << "the sample of 4 ms";
  EXPECT_TRUE(
      ask(*answers, "at", {{"lane", "1"}, {"time", "4611686018427387903"}})["slice"].is_null());
}

TEST(Answers, BoxesFollowTheStackOverTime) {
  const auto answers = answers_of(a_capture());
  const json exact =
      ask(*answers, "boxes", {{"lane", "0"}, {"from", "0"}, {"to", "100000000"}, {"most", "100"}});
  EXPECT_FALSE(exact["merged"]);
  ASSERT_EQ(exact["boxes"].size(), 3u) << exact["boxes"];
  EXPECT_EQ(exact["boxes"][0],
            json::array({2'000'000, 10'000'000, kRunning, exact["boxes"][0][3], 3}));
  EXPECT_EQ(exact["boxes"][1][0], 10'000'000);
  EXPECT_EQ(exact["boxes"][2][0], 50'000'000);
  const json merged =
      ask(*answers, "boxes", {{"lane", "0"}, {"from", "0"}, {"to", "100000000"}, {"most", "2"}});
  EXPECT_TRUE(merged["merged"]);
  EXPECT_EQ(merged["boxes"].size(), 2u) << "the wait and the run, one in the middle of each half";
}

TEST(Answers, NamesAreToldOnce) {
  const auto answers = answers_of(a_capture());
  Query query{{"lanes", "0"}, {"from", "0"}, {"to", "100000000"}, {"kind", "running"}};
  const json first = ask(*answers, "stacks", query);
  const auto nodes = first["names"]["parents"].size();
  const auto functions = first["names"]["names"].size();
  ASSERT_GT(nodes, 1u);
  query["known"] = fmt::format("{},{}", nodes, functions);
  const json again = ask(*answers, "stacks", query);
  EXPECT_EQ(again["names"]["first_node"], nodes);
  EXPECT_TRUE(again["names"]["parents"].empty());
  EXPECT_TRUE(again["names"]["names"].empty());
}

TEST(Answers, SearchFindsFunctionsWhateverTheCase) {
  const auto answers = answers_of(a_capture());
  const json found = ask(*answers, "search", {{"text", "DO_W"}});
  ASSERT_EQ(found["found"].size(), 1u);
  EXPECT_EQ(found["found"][0][1], 4);
  EXPECT_EQ(ask(*answers, "search", {{"text", "nobody"}})["total"], 0);
  EXPECT_EQ(ask(*answers, "search", {{"text", "futex_w"}})["total"], 1) << "it only waited there";
}

TEST(Answers, TilesAreOfTheLanesAsked) {
  const auto answers = answers_of(a_capture());
  const Answer tiles =
      answers->answer("tiles", {{"level", "20"}, {"first", "0"}, {"count", "2"}, {"lanes", "0,2"}});
  ASSERT_EQ(tiles.status, 200);
  size_t at = 0;
  int pieces = 0;
  for (; at < tiles.body.size(); pieces++) {
    uint32_t length = 0;
    for (size_t i = 0; i < 4; i++)
      length |= static_cast<uint32_t>(static_cast<unsigned char>(tiles.body[at + i])) << (8 * i);
    at += 4 + length;
  }
  EXPECT_EQ(at, tiles.body.size());
  EXPECT_EQ(pieces, 4);
}

TEST(Answers, SourceIsOnlyOfFunctionsThatHaveOne) {
  const auto answers = answers_of(a_capture());
  ask(*answers, "search", {{"text", "do_work"}});
  EXPECT_THAT(ask(*answers, "source", {{"function", "0"}})["why"].get<std::string>(),
              HasSubstr("no debug information"));
}

TEST(Answers, WhatMakesNoSenseGetsASentence) {
  const auto answers = answers_of(a_capture());
  struct Bad {
    const char* question;
    Query query;
    const char* words;
  };
  const std::vector<Bad> all{
      {"tiles", {{"level", "70"}, {"first", "0"}, {"count", "1"}, {"lanes", "0"}}, "level"},
      {"tiles", {{"level", "0"}, {"first", "0"}, {"count", "65"}, {"lanes", "0"}}, "at most"},
      {"tiles",
       {{"level", "40"}, {"first", "4611686018427387903"}, {"count", "1"}, {"lanes", "0"}},
       "tiles"},
      {"tiles", {{"level", "0"}, {"first", "-1"}, {"count", "1"}, {"lanes", "0"}}, "first"},
      {"tiles", {{"level", "0"}, {"first", "0"}, {"count", "1"}, {"lanes", "0-99"}}, "lanes"},
      {"tiles", {{"level", "0"}, {"first", "0"}, {"count", "1"}, {"lanes", "2-1"}}, "lanes"},
      {"boxes", {{"lane", "2"}, {"from", "0"}, {"to", "1"}, {"most", "5"}}, "no such thread"},
      {"stacks", {{"lanes", "0"}, {"from", "5"}, {"to", "5"}, {"kind", "running"}}, "after"},
      {"stacks", {{"lanes", ""}, {"from", "0"}, {"to", "5"}, {"kind", "flying"}}, "kind"},
      {"at", {{"lane", "9"}, {"time", "0"}}, "no such lane"},
      {"at", {{"lane", "0"}}, "time is missing"},
      {"source", {{"function", "99999"}}, "no such function"},
      {"search", {}, "text"}};
  for (const Bad& bad : all) {
    const Answer answer = answers->answer(bad.question, bad.query);
    EXPECT_EQ(answer.status, 400) << bad.question;
    EXPECT_THAT(answer.body, HasSubstr(bad.words));
  }
  EXPECT_EQ(answers->answer("secrets", {}).status, 404);
}

TEST(Answers, OfAnEmptyCaptureAreEmpty) {
  const auto answers = answers_of(GivenCapture());
  const json summary = json::parse(answers->summary());
  EXPECT_TRUE(summary["lanes"].empty());
  EXPECT_THAT(summary["notes"].dump(), HasSubstr("no thread"));
}

TEST(Answers, ListsOfLanesAreParsed) {
  EXPECT_THAT(*parse_lane_list("3,5-7", 9), ElementsAre(3, 5, 6, 7));
  EXPECT_TRUE(parse_lane_list("", 9)->empty());
  for (const char* bad : {"x", "1-", "-1", "1,,2", "9", "5-3", "0-4294967295", "1 2"})
    EXPECT_FALSE(parse_lane_list(bad, 9)) << bad;
}

}  // namespace thaw::test
