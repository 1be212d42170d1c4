// Threads that a truth counts and does not number.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_truth.h"

namespace thaw::test {
namespace {

using testing::HasSubstr;

/// Two threads that are given the name "brief" when they are born, and one of another's.
GivenCapture given_crowd() {
  GivenCapture given;
  given.cpu(0).ran(7).at(0).names(EventKind::task_seen, 7, "nurse");
  for (int tid = 20; tid < 23; tid++) {
    auto cpu = given.cpu(0).at(tid * 1_ms).names(EventKind::task_new, tid, "nurse", 7);
    cpu.at(tid * 1_ms + 100_us).switch_to(tid);
    cpu.names(EventKind::task_rename, tid, tid < 22 ? "brief" : "other");
    cpu.at(tid * 1_ms + 200_us).names(EventKind::task_exit, tid, "");
    cpu.at(tid * 1_ms + 300_us).dies_for(7);
  }
  return given;
}

Measure crowd_in(const GivenCapture& given, uint64_t count, int64_t start_ns = 0) {
  Truth truth = given_truth({.tid = Tid(7)});
  truth.start_ns += start_ns;
  truth.crowds = {{.name = "brief", .count = count}};
  return named(measure_fidelity(given.capture(), truth, 0.001),
               "threads of the load with the name");
}

TEST(Crowds, AreWholeInATrueCapture) {
  const Measure measure = crowd_in(given_crowd(), 2);
  EXPECT_TRUE(measure.is_available());
  EXPECT_TRUE(measure.is_good());
  EXPECT_EQ(measure.kind, MeasureKind::threads);
}

TEST(Crowds, CatchThreadsThatLeftNoTrace) {
  EXPECT_FALSE(crowd_in(given_crowd(), 3).is_good());
  EXPECT_TRUE(crowd_in(given_crowd().loses("ring_full", 1), 3).is_good()) << "lost by name";
}

TEST(Crowds, CatchThreadsThatNeverWere) {
  EXPECT_FALSE(crowd_in(given_crowd(), 1).is_good());
}

TEST(Crowds, AreOfThisLoadAndNoOther) {
  GivenCapture given = given_crowd();
  given.cpu(1).at(40 * 1_ms).names(EventKind::task_new, 30, "brief", 9);
  EXPECT_DOUBLE_EQ(crowd_in(given, 2).value, 2);
  given.cpu(1).at(41 * 1_ms).names(EventKind::task_new, 31, "nurse", 7);
  given.cpu(1).at(42 * 1_ms).names(EventKind::task_new, 32, "brief", 31);
  EXPECT_DOUBLE_EQ(crowd_in(given, 3).value, 3) << "what a thread of the load has started";
}

TEST(Crowds, AreOfTheTimeOfTheLoad) {
  EXPECT_DOUBLE_EQ(crowd_in(given_crowd(), 1, 20'500'000).value, 1);
}

TEST(Crowds, AreUnavailableWhenTheCaptureBeganLater) {
  EXPECT_THAT(crowd_in(given_crowd(), 2, -5'000'000'000).unavailable, HasSubstr("began"));
}

TEST(Crowds, AreReadFromTheTruthOfBrief) {
  const auto truth = parse_truth(
      R"({"schema":1,"program":"brief","start_ns":1,"end_ns":2,"threads":[],)"
      R"("brief_threads":{"name":"a","count":3},"brief_processes":{"name":"b","count":4}})");
  ASSERT_TRUE(truth);
  ASSERT_EQ(truth->crowds.size(), 2u);
  EXPECT_EQ(truth->crowds[1].name, "b");
  EXPECT_EQ(truth->crowds[1].count, 4u);
  EXPECT_FALSE(parse_truth(R"({"schema":1,"program":"brief","start_ns":1,"end_ns":2,)"
                           R"("threads":[],"brief_threads":{"name":"a"}})"));
}

}  // namespace
}  // namespace thaw::test
