// Times, waits and wakers against a truth: what is compared, and what is passed over.

#include "profiler/analysis/fidelity/fidelity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/given_capture.h"
#include "tests/support/given_truth.h"

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
  ASSERT_THAT(of_truth(fidelity), SizeIs(3));
  for (const Measure& measure : of_truth(fidelity)) EXPECT_DOUBLE_EQ(measure.value, 0);
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
  ASSERT_THAT(of_truth(right), SizeIs(2));
  EXPECT_DOUBLE_EQ(of_truth(right)[0].value, 0.1) << "one of a thousand, in percent";
  EXPECT_DOUBLE_EQ(of_truth(right)[1].value, 0.1);
  EXPECT_DOUBLE_EQ(of_truth(with("pipe", 9))[1].value, 0);
  EXPECT_DOUBLE_EQ(of_truth(with("futex", 8))[0].value, 0);
  EXPECT_THAT(of_truth(with("pipe", 0)), SizeIs(1)) << "nothing is claimed of the waker";
  EXPECT_THAT(of_truth(right)[0].name, HasSubstr("pipe"));
  EXPECT_THAT(of_truth(right)[1].name, HasSubstr("ended by 8"));
}

/// 7 waits in a pipe `with_stack` + `shed` + `silent` times, 8 ends each wait; the recorder says
/// that it left out `named` stacks.
GivenCapture given_waits(int with_stack, int shed, int silent, uint64_t named) {
  GivenCapture given;
  given.ending.end_ns = kStart + 1'000_ms;
  given.functions = {{kPipeRead, 0x100, "pipe_read", ""}};
  auto cpu = given.cpu(0).ran(7);
  for (int wait = 0; wait < with_stack + shed + silent; wait++) {
    cpu.at(5_us * wait);
    if (wait < with_stack)
      cpu.blocks_for(8, {kPipeRead + 0x10});
    else if (wait < with_stack + shed)
      cpu.blocks_unseen_for(8);
    else
      cpu.sleeps_for(8);
    cpu.at(5_us * wait + 3_us).wakes(7).woken(7).switch_to(7);
  }
  return given.loses("stack_shed", named);
}

Fidelity fidelity_of_waits(const GivenCapture& given, uint64_t waits) {
  const ThreadTruth thread{
      .tid = Tid(7), .name = "ping", .waits = WaitTruth{waits, "pipe", Tid(8)}};
  return measure_fidelity(given.capture(), given_truth(thread), 0.001);
}

TEST(Fidelity, JudgesReasonsOfWaitsWhoseStackWasTaken) {
  const Fidelity fidelity = fidelity_of_waits(given_waits(2'000, 8'000, 0, 8'000), 10'000);
  ASSERT_THAT(of_truth(fidelity), SizeIs(2));
  EXPECT_DOUBLE_EQ(of_truth(fidelity)[0].value, 100) << "of 2000";
  EXPECT_DOUBLE_EQ(of_truth(fidelity)[1].value, 100) << "of all: a waker needs no stack";
  EXPECT_TRUE(fidelity.is_good());
  EXPECT_THAT(fidelity.notes,
              testing::ElementsAre("8000 of 10000 waits have no stack: left out by the brake (see "
                                   "--max-overhead)"));
}

TEST(Fidelity, CountsAStackThatIsGoneWithoutANameAsWrong) {
  const Fidelity silent = fidelity_of_waits(given_waits(2'000, 7'900, 100, 7'900), 10'000);
  EXPECT_DOUBLE_EQ(of_truth(silent)[0].value, 100.0 * 2'000 / 2'100);
  EXPECT_FALSE(silent.is_good());
  const Fidelity uncounted = fidelity_of_waits(given_waits(2'000, 8'000, 0, 7'999), 10'000);
  EXPECT_DOUBLE_EQ(of_truth(uncounted)[0].value, 20) << "8000 events say so, 7999 were counted";
  EXPECT_FALSE(uncounted.is_good());
  EXPECT_THAT(uncounted.notes, IsEmpty());
  EXPECT_FALSE(fidelity_of_waits(given_waits(2'000, 8'000, 0, 8'000), 10'100).is_good())
      << "waits that are not there";
}

TEST(Fidelity, SaysNothingOfReasonsWhenAllStacksWereLeftOut) {
  const Fidelity fidelity = fidelity_of_waits(given_waits(0, 1'000, 0, 1'000), 1'000);
  ASSERT_THAT(of_truth(fidelity), SizeIs(1));
  EXPECT_THAT(of_truth(fidelity)[0].name, HasSubstr("ended by 8"));
  EXPECT_THAT(fidelity.notes, testing::ElementsAre(HasSubstr("1000 of 1000 waits")));
}

TEST(Fidelity, CountsWakersOfWaitsOfEveryReason) {
  GivenCapture given = given_waits(2'000, 0, 0, 0);
  given.functions = {{kPipeRead, 0x100, "futex_wait", ""}};
  const Fidelity fidelity = fidelity_of_waits(given, 2'000);
  EXPECT_DOUBLE_EQ(of_truth(fidelity)[0].value, 0) << "a wrong reason";
  EXPECT_DOUBLE_EQ(of_truth(fidelity)[1].value, 100) << "is no wrong waker";
  const ThreadTruth thread{.tid = Tid(7), .waits = WaitTruth{2'000, "futex", Tid(8)}};
  Truth short_load = given_truth(thread);
  short_load.end_ns = kStart + 5_ms;
  EXPECT_DOUBLE_EQ(of_truth(measure_fidelity(given.capture(), short_load, 0.001))[1].value, 50)
      << "1000 of its waits began while the load ran";
}

TEST(Fidelity, PassesOverWhatTheCaptureCannotKnow) {
  GivenCapture given = given_wait();
  given.header.start_ns = kStart + 6_ms;
  ThreadTruth thread{
      .tid = Tid(7), .on_cpu = on_cpu(65_ms, 0, 5_ms), .waits = WaitTruth{1, "pipe", Tid(8)}};
  const Fidelity late = measure_fidelity(given.capture(), given_truth(thread), 0.001);
  EXPECT_THAT(of_truth(late), IsEmpty()) << "it began too late";
  EXPECT_FALSE(late.is_good()) << "and proves nothing";
  EXPECT_THAT(named(late, "time on a CPU").unavailable, HasSubstr("1.000 ms after the load"));
  EXPECT_THAT(late.notes, testing::ElementsAre("the capture began 6.000 ms after the load"));
  GivenCapture bare;
  bare.cpu(0).ran(7).at(10_ms).sleeps_for(8).at(30_ms).wakes(7).woken(7);
  thread.on_cpu.reset();
  EXPECT_THAT(of_truth(measure_fidelity(bare.capture(), given_truth(thread), 0.001)), IsEmpty())
      << "no stacks, no reasons";
}

}  // namespace
}  // namespace thaw::test
