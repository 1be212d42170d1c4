// What a load knows of itself against a capture, as the judge hears of it.

#include "harness/verdict/honesty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace lab {
namespace {

using namespace thaw::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kPipeRead = 0xffffffff81001000;

/// 7 waits a thousand times in a pipe, for 8; of every tenth the stack was taken.
GivenCapture given_waits() {
  GivenCapture given;
  given.functions = {{kPipeRead, 0x100, "pipe_read", ""}};
  auto cpu = given.cpu(0).ran(7);
  for (int wait = 0; wait < 1'000; wait++) {
    cpu.at(5_us * wait);
    if (wait % 10 == 0)
      cpu.blocks_for(8, {kPipeRead + 0x10});
    else
      cpu.blocks_unseen_for(8);
    cpu.at(5_us * wait + 3_us).wakes(7).woken(7).switch_to(7);
  }
  return given;
}

std::string truth_with(const std::string& thread) {
  return fmt::format(
      R"({{"schema":1,"program":"waits","start_ns":{},"end_ns":{},"threads":[{{"tid":7,"name":"ping"{}}}]}})",
      kStart, kStart + 100_ms, thread);
}

AgainstTruth against(const thaw::Capture& capture, const std::string& truth) {
  Evidence evidence;
  evidence.workload_truth = truth;
  return against_truths({}, evidence, capture);
}

const std::string kWaits = R"(,"waits":1000,"reason":"pipe","woken_by":8)";

TEST(AgainstTruth, NotesWhatTheBrakeLeftOut) {
  const AgainstTruth result =
      against(given_waits().loses("stack_shed", 900).capture(), truth_with(kWaits));
  EXPECT_FALSE(result.untruth) << result.untruth->what;
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("900 of 1000 waits have no stack")));
}

TEST(AgainstTruth, DoesNotBelieveARecorderThatCountedNoSuchLoss) {
  const AgainstTruth result = against(given_waits().capture(), truth_with(kWaits));
  ASSERT_TRUE(result.untruth);
  EXPECT_THAT(result.untruth->what, HasSubstr("waits for pipe of ping (7) is 10.000 %"));
}

TEST(AgainstTruth, IsEmptyWhereTheLoadKnowsNothing) {
  GivenCapture late;
  late.header.start_ns = kStart + 1_ms;
  EXPECT_THAT(against(late.capture(), truth_with("")).notes, IsEmpty());
  EXPECT_THAT(against(late.capture(), "Segmentation fault").notes, IsEmpty());
}

}  // namespace
}  // namespace lab
