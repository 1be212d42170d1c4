// sample.bpf.h: stacks, whole, cut or failed; which interrupt a sample is from.

#include <numeric>

#include "tests/unit/bpf/books.h"

namespace test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

class Samples : public Programs {
 protected:
  const sample_event& only_sample() {
    const auto& records = kernel.ring().records;
    EXPECT_EQ(records.size(), 1u);
    return records.at(0).as<sample_event>();
  }
  std::vector<uint64_t> frames() {
    return kernel.ring().records.at(0).frames(sizeof(sample_event));
  }
  static std::vector<uint64_t> deep(size_t frames, uint64_t first) {
    std::vector<uint64_t> stack(frames);
    std::iota(stack.begin(), stack.end(), first);
    return stack;
  }
};

TEST_F(Samples, HaveKernelThenUserFrames) {
  kernel.current = thread(12, "worker", 10);
  kernel.perf_event();
  EXPECT_EQ(only_sample().tid, 12u);
  EXPECT_EQ(only_sample().pid, 10u);
  EXPECT_EQ(only_sample().kernel_frames, 2);
  EXPECT_EQ(only_sample().user_frames, 3);
  EXPECT_THAT(frames(), ElementsAre(0xffff0001, 0xffff0002, 0x4001, 0x4002, 0x4003));
  EXPECT_EQ(kernel.lost(LOSS_stack_cut) + kernel.lost(LOSS_stack_failed), 0u);
}

TEST_F(Samples, HaveNoFramesWhenNoneAreWanted) {
  want_stacks = false;
  kernel.perf_event();
  EXPECT_EQ(only_sample().kernel_frames + only_sample().user_frames, 0);
  EXPECT_THAT(frames(), IsEmpty());
}

TEST_F(Samples, OfTheIdleThreadHaveNoUserFrames) {
  kernel.current = thread(0, "swapper");
  kernel.perf_event();
  EXPECT_EQ(only_sample().kernel_frames, 2);
  EXPECT_EQ(only_sample().user_frames, 0);
}

TEST_F(Samples, KeepTheUserStackWhenTheKernelStackFails) {
  kernel.kernel_walk_error = -EFAULT;
  kernel.perf_event();
  EXPECT_EQ(only_sample().kernel_frames, 0);
  EXPECT_THAT(frames(), ElementsAre(0x4001, 0x4002, 0x4003));
  EXPECT_EQ(kernel.lost(LOSS_stack_failed), 1u);
}

TEST_F(Samples, OfKernelThreadsLoseNothingWithoutAUserStack) {
  kernel.user_walk_error = -EFAULT;
  kernel.perf_event();
  EXPECT_THAT(frames(), ElementsAre(0xffff0001, 0xffff0002));
  EXPECT_EQ(kernel.lost(LOSS_stack_failed), 0u);
}

TEST_F(Samples, OfDeepStacksAreCutAndSaySo) {
  kernel.kernel_stack = deep(200, 1'000);
  kernel.user_stack = deep(THAW_MAX_FRAMES - 1, 5'000);
  kernel.perf_event();
  EXPECT_EQ(kernel.lost(LOSS_stack_cut), 1u) << "126 frames are whole";
  auto expected = deep(THAW_MAX_FRAMES, 1'000);
  expected.insert(expected.end(), kernel.user_stack.begin(), kernel.user_stack.end());
  EXPECT_THAT(frames(), ElementsAreArray(expected));
}

TEST_F(Samples, HaveRoomForTwoStacksOfFullLength) {
  kernel.kernel_stack = deep(300, 1'000);
  kernel.user_stack = deep(300, 5'000);
  kernel.perf_event();
  EXPECT_EQ(kernel.lost(LOSS_stack_cut), 2u);
  EXPECT_EQ(only_sample().kernel_frames, THAW_MAX_FRAMES);
  EXPECT_EQ(only_sample().user_frames, THAW_MAX_FRAMES);
  EXPECT_EQ(frames().at(THAW_MAX_FRAMES), 5'000u);
}

TEST_F(Samples, AreNotSlowBecauseTheirWalkWas) {
  kernel.walk_takes_ns = 5'000'000;
  kernel.perf_event();
  EXPECT_EQ(kernel.happened(EVENT_SLOW_EMIT), 0u);
  EXPECT_EQ(only_sample().header.time_ns, kernel.now_ns - 2 * kernel.walk_takes_ns)
      << "a sample's time is when it interrupted";
}

TEST_F(Samples, WithoutAPlaceToBuildThemAreNoCpuSlot) {
  kernel.cpu = 1;
  kernel.scratches = LEVELS;
  kernel.perf_event();
  EXPECT_EQ(kernel.lost(LOSS_no_cpu_slot), 1u);
  EXPECT_THAT(kernel.records(), IsEmpty());
}

TEST_F(Samples, OfAHardwareEventAreFromNmi) {
  kernel.perf_event();
  EXPECT_EQ(kernel.counters(LEVEL_TIMER).happened[EVENT_SAMPLE], 1u);
  sample_is_nmi = true;
  kernel.perf_event();
  EXPECT_EQ(kernel.counters(LEVEL_NMI).happened[EVENT_SAMPLE], 1u);
}

TEST_F(Samples, CountEachNmiOnceHoweverManyHandlersItHas) {
  for (int round = 0; round < 3; round++)
    for (const uint64_t handler : {0x100, 0x200, 0x300}) kernel.nmi(handler);
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 3u);
}

TEST_F(Samples, OfOthersThanTheTargetsAreNotTaken) {
  only_targets = true;
  kernel.targets = {10};
  kernel.current = thread(30);
  kernel.perf_event();
  EXPECT_EQ(kernel.happened(), 0u);
  kernel.current = thread(12, "worker", 10);
  kernel.perf_event();
  EXPECT_EQ(kernel.recorded(EVENT_SAMPLE), 1u);
}

}  // namespace
}  // namespace test
