// A capture against a truth: what is compared, and what is passed over.

#include "profiler/analysis/fidelity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint64_t kPipeRead = 0xffffffff81001000;

/// 7 runs for 10 ms, waits in a pipe until 8 wakes it at 30, is ready for 5, runs to the end at
/// 100.
GivenCapture given_wait() {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  given.functions = {{kPipeRead, 0x100, "pipe_read", ""}};
  given.cpu(0).ran(7).at(10_ms).blocks_for(8, {kPipeRead + 0x10});
  given.cpu(0).at(30_ms).wakes(7).woken(7).at(35_ms).sleeps_for(7);
  return given;
}

Truth given_truth(ThreadTruth thread) {
  return {.program = "x", .start_ns = kStart, .end_ns = kStart + 100_ms, .threads = {thread}};
}

OnCpuTruth on_cpu(int64_t cpu_ns, int64_t excluded_ns, int64_t run_delay_ns) {
  return {.start_ns = kStart + 5_ms,
          .end_ns = kStart + 95_ms,
          .cpu_ns = cpu_ns,
          .excluded_ns = excluded_ns,
          .run_delay_ns = run_delay_ns};
}

TEST(Fidelity, ComparesTimeOnACpuInTheWindowAlone) {
  const Capture capture = given_wait().capture();
  // 5 to 10 and 35 to 95 ms, of which the kernel leaves out 2.
  const ThreadTruth thread{.tid = Tid(7), .on_cpu = on_cpu(63_ms, 2_ms, 5_ms)};
  const Fidelity fidelity = measure_fidelity(capture, given_truth(thread), 0.001);
  ASSERT_THAT(fidelity.measures, SizeIs(2));
  EXPECT_DOUBLE_EQ(fidelity.measures[0].value, 0);
  EXPECT_DOUBLE_EQ(fidelity.measures[1].value, 0);
  EXPECT_TRUE(fidelity.is_good());
}

TEST(Fidelity, IsNotGoodWhenTheKernelCountedAnotherTime) {
  const Capture capture = given_wait().capture();
  const ThreadTruth thread{.tid = Tid(7), .on_cpu = on_cpu(63_ms, 1_ms, 5_ms)};
  EXPECT_FALSE(measure_fidelity(capture, given_truth(thread), 0.001).is_good()) << "1 ms of 65";
  EXPECT_TRUE(measure_fidelity(capture, given_truth(thread), 0.02).is_good());
}

TEST(Fidelity, IsNotGoodWhenAThreadIsNotThere) {
  const ThreadTruth thread{.tid = Tid(9), .on_cpu = on_cpu(60_ms, 0, 0)};
  EXPECT_FALSE(measure_fidelity(given_wait().capture(), given_truth(thread), 0.001).is_good());
}

TEST(Fidelity, ComparesReasonsAndWakers) {
  const Capture capture = given_wait().capture();
  const auto with = [&](std::string reason, int32_t waker) {
    const ThreadTruth thread{.tid = Tid(7),
                             .waits = WaitTruth{1'000, std::move(reason), Tid(waker)}};
    return measure_fidelity(capture, given_truth(thread), 0.001);
  };
  const Fidelity right = with("pipe", 8);
  ASSERT_THAT(right.measures, SizeIs(2));
  EXPECT_DOUBLE_EQ(right.measures[0].value, 0.1) << "one of a thousand, in percent";
  EXPECT_DOUBLE_EQ(right.measures[1].value, 0.1);
  EXPECT_DOUBLE_EQ(with("pipe", 9).measures[1].value, 0);
  EXPECT_DOUBLE_EQ(with("futex", 8).measures[0].value, 0);
  EXPECT_THAT(with("pipe", 0).measures, SizeIs(1)) << "nothing is claimed of the waker";
  EXPECT_THAT(right.measures[0].name, HasSubstr("pipe"));
}

TEST(Fidelity, PassesOverWhatTheCaptureCannotKnow) {
  GivenCapture given = given_wait();
  given.header.start_ns = kStart + 6_ms;
  ThreadTruth thread{
      .tid = Tid(7), .on_cpu = on_cpu(65_ms, 0, 5_ms), .waits = WaitTruth{1, "pipe", Tid(8)}};
  const Fidelity late = measure_fidelity(given.capture(), given_truth(thread), 0.001);
  EXPECT_THAT(late.measures, IsEmpty()) << "it began too late";
  EXPECT_FALSE(late.is_good()) << "and proves nothing";
  EXPECT_THAT(late.notes, testing::ElementsAre("the capture began 6.000 ms after the load"));
  GivenCapture bare;
  bare.cpu(0).ran(7).at(10_ms).sleeps_for(8).at(30_ms).wakes(7).woken(7);
  thread.on_cpu.reset();
  EXPECT_THAT(measure_fidelity(bare.capture(), given_truth(thread), 0.001).measures, IsEmpty())
      << "no stacks, no reasons";
}

TEST(Truth, IsReadFromWhatAWorkloadPrints) {
  const auto truth = parse_truth(
      R"({"schema":1,"program":"waits","new":{},"start_ns":5,"end_ns":9,"threads":[
      {"pid":1,"tid":2,"name":"ping","waits":3,"reason":"pipe","woken_by":4},
      {"pid":1,"tid":4,"name":"pong","on_cpu":{"start_ns":5,"end_ns":9,"cpu_ns":3,"excluded_ns":1,
      "run_delay_ns":2}}]})");
  ASSERT_TRUE(truth) << truth.error().message;
  EXPECT_EQ(truth->start_ns, 5);
  ASSERT_THAT(truth->threads, SizeIs(2));
  ASSERT_TRUE(truth->threads[0].waits);
  EXPECT_EQ(truth->threads[0].waits->waits, 3u);
  EXPECT_EQ(truth->threads[0].waits->woken_by, Tid(4));
  ASSERT_TRUE(truth->threads[1].on_cpu);
  EXPECT_EQ(truth->threads[1].on_cpu->run_delay_ns, 2);
}

TEST(Truth, IsRefusedWhenItIsNone) {
  for (const char* text : {"", "{}", "[]", R"({"schema":2})", R"({"schema":1,"program":"x"})"}) {
    const auto truth = parse_truth(text);
    ASSERT_FALSE(truth) << text;
    EXPECT_EQ(exit_code(truth.error()), 2);
    EXPECT_EQ(truth.error().message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace thaw::test
