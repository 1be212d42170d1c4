// unwind.bpf.h and stack.bpf.h: user stacks by tables, and copies where there is no table.

#include <cstring>

#include "tests/unit/bpf/books.h"

namespace test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kBase = 0x400000;  // of the program
constexpr uint64_t kMain = 0x401000, kStart = 0x401100, kLibrary = 0x7000'0000;

/// A program of one function that saves nothing (its frame has 16 bytes) called by main, which
/// keeps rbp, called by _start.
class Unwind : public Programs {
 protected:
  Unwind() {
    user_stacks = USER_STACKS_TABLES;
    kernel.current = thread(12, "worker", 10);
    kernel.kernel_stack = {};
    kernel.unwind_rows = {{.pc = 0x0500, .cfa = 3, .rbp = UNWIND_RBP_SAME, .rule = UNWIND_RSP},
                          {.pc = 0x1000, .cfa = 2, .rbp = 2, .rule = UNWIND_RBP},
                          {.pc = 0x1100, .cfa = 0, .rbp = 0, .rule = UNWIND_END},
                          {.pc = 0x1180, .cfa = 0, .rbp = 0, .rule = UNWIND_NONE}};
    kernel.unwind_ranges = {range(kBase, kBase + 0x2000)};
    kernel.unwind_processes[10] = {.first = 0, .count = 1};
    kernel.registers.ip = kBase + 0x540;
    kernel.registers.sp = 0x7fff'e000;
    kernel.registers.bp = 0x7fff'e020;
    // sp: 2 words of the leaf, its return address, main's one local, the rbp that main saved, its
    // return address.
    kernel.user_stack_words = {1, 2, kMain + 0x20, 4, 0, kStart + 0x10, 6, 7};
  }
  static unwind_range range(uint64_t start, uint64_t end) {
    return {.start = start,
            .end = end,
            .base = kBase,
            .shard = 0,
            .first = 0,
            .count = 4,
            .keeps_frame_pointers = 0};
  }
  const sample_event& sample() {
    kernel.perf_event();
    return kernel.ring().records.back().as<sample_event>();
  }
  std::vector<uint64_t> frames() {
    return kernel.ring().records.back().frames(sizeof(sample_event));
  }
  stack_copy copy() {
    stack_copy copy;
    std::memcpy(&copy, kernel.ring().records.back().bytes.data() + sizeof(sample_event),
                sizeof copy);
    return copy;
  }
};

TEST_F(Unwind, FollowsTheRowsToTheEntryOfTheProcess) {
  const sample_event& event = sample();
  EXPECT_EQ(event.header.user_end, STACK_END_COMPLETE);
  EXPECT_EQ(event.header.has_stack_copy, 0);
  EXPECT_EQ(event.user_frames, 3);
  EXPECT_THAT(frames(), ElementsAre(kBase + 0x540, kMain + 0x20, kStart + 0x10));
}

TEST_F(Unwind, FindsTheRegistersOfKernelsWithoutTheHelper) {
  kernel.has_task_pt_regs = false;
  kernel.save_registers_on_the_kernel_stack();
  EXPECT_EQ(sample().header.user_end, STACK_END_COMPLETE);
  EXPECT_THAT(frames(), ElementsAre(kBase + 0x540, kMain + 0x20, kStart + 0x10));
}

TEST_F(Unwind, LooksUpReturnAddressesOneByteBefore) {
  // A call as the last instruction of a function returns to where the next one begins.
  kernel.user_stack_words[2] = kBase + 0x1100;
  EXPECT_EQ(sample().header.user_end, STACK_END_COMPLETE);
  EXPECT_EQ(frames().size(), 3u) << "main's row, not that of _start";
}

TEST_F(Unwind, FindsTheRangeAmongMany) {
  kernel.unwind_ranges = {range(0x1000, 0x2000), range(0x3000, 0x4000),
                          range(kBase, kBase + 0x2000), range(0x6000'0000, 0x6000'1000),
                          range(kLibrary, kLibrary + 0x1000)};
  kernel.unwind_processes[10].count = 5;
  EXPECT_EQ(sample().header.user_end, STACK_END_COMPLETE);
  EXPECT_EQ(sample().user_frames, 3);
}

TEST_F(Unwind, SaysThatCodeHasNoInformation) {
  kernel.user_stack_words[2] = kBase + 0x1190;
  EXPECT_EQ(sample().header.user_end, STACK_END_NO_UNWIND_INFO);
  EXPECT_THAT(frames(), ElementsAre(kBase + 0x540, kBase + 0x1190));
}

TEST_F(Unwind, SaysThatMemoryCannotBeRead) {
  kernel.user_stack_words.resize(2);
  EXPECT_EQ(sample().header.user_end, STACK_END_UNREADABLE);
  EXPECT_THAT(frames(), ElementsAre(kBase + 0x540));
}

TEST_F(Unwind, EndsAStackThatDoesNotGrow) {
  kernel.registers.bp = kernel.registers.sp - 64;
  kernel.registers.ip = kMain;
  EXPECT_EQ(sample().header.user_end, STACK_END_UNREADABLE);
}

TEST_F(Unwind, CutsAtTheMostFramesAndSaysSo) {
  kernel.unwind_rows[0].cfa = 1;
  kernel.user_stack_words.assign(400, kBase + 0x541);
  const sample_event& event = sample();
  EXPECT_EQ(event.header.user_end, STACK_END_TOO_DEEP);
  EXPECT_EQ(event.user_frames, THAW_MAX_FRAMES);
  EXPECT_EQ(kernel.lost(LOSS_stack_cut), 1u);
}

TEST_F(Unwind, StandsBehindKernelFramesOfAnyNumber) {
  kernel.kernel_stack.assign(THAW_MAX_FRAMES - 1, 0xffff'0001);
  kernel.unwind_rows[0].cfa = 1;
  kernel.user_stack_words.assign(400, kBase + 0x541);
  EXPECT_EQ(sample().kernel_frames, THAW_MAX_FRAMES - 1);
  EXPECT_EQ(sample().user_frames, THAW_MAX_FRAMES);
  EXPECT_EQ(frames().size(), 2u * THAW_MAX_FRAMES - 1);
  EXPECT_EQ(frames().back(), kBase + 0x541);
}

TEST_F(Unwind, CopiesTheStackOfAProcessWithoutTables) {
  kernel.unwind_processes.clear();
  kernel.user_stack_words.resize(1024);  // 8 KiB, the last word of its page
  const sample_event& event = sample();
  EXPECT_EQ(event.header.has_stack_copy, 1);
  EXPECT_EQ(event.user_frames, 0);
  EXPECT_EQ(copy().ip, kernel.registers.ip);
  EXPECT_EQ(copy().sp, kernel.registers.sp);
  EXPECT_EQ(copy().bp, kernel.registers.bp);
  EXPECT_EQ(copy().pid, 10u);
  EXPECT_EQ(copy().bytes, 8192u);
  EXPECT_EQ(event.header.size_bytes, sizeof(sample_event) + sizeof(stack_copy) + 8192);
}

TEST_F(Unwind, CopiesNoMoreThanIsWanted) {
  kernel.unwind_processes.clear();
  copy_pieces = 2;
  kernel.registers.sp += 24;
  kernel.user_stack_words.resize(1021);
  sample();
  EXPECT_EQ(copy().bytes, 2 * THAW_COPY_PIECE_BYTES - 24u) << "pieces end where pages may end";
}

TEST_F(Unwind, CopiesWhatThereIsOfAStackThatEndsSooner) {
  kernel.unwind_processes.clear();
  kernel.registers.sp += 24;
  kernel.user_stack_words.resize(125);
  sample();
  EXPECT_EQ(copy().bytes, 1000u);
}

TEST_F(Unwind, CopiesWhenACallerLiesInALibraryThatIsNotKnownYet) {
  kernel.user_stack_words[2] = kLibrary + 0x10;
  EXPECT_EQ(sample().header.has_stack_copy, 1);
  EXPECT_EQ(copy().ip, kBase + 0x540) << "from the leaf on";
}

TEST_F(Unwind, AlwaysCopiesWhenToldTo) {
  user_stacks = USER_STACKS_COPIES;
  EXPECT_EQ(sample().header.has_stack_copy, 1);
}

TEST_F(Unwind, TakesNothingOfThreadsThatAreNotOrNoLongerInUserSpace) {
  kernel.registers.cs = 0;
  EXPECT_EQ(sample().user_frames, 0) << "a thread of the kernel";
  kernel.registers.cs = 0x33;
  kernel.current.flags = 4;
  EXPECT_EQ(sample().user_frames, 0) << "it ends";
  EXPECT_EQ(sample().header.has_stack_copy, 0);
  EXPECT_EQ(sample().header.user_end, STACK_END_UNKNOWN);
}

TEST_F(Unwind, FollowsFramePointersInA32BitProcess) {
  kernel.registers.cs = 0x23;
  EXPECT_EQ(sample().header.user_end, STACK_END_COMPAT);
  EXPECT_THAT(frames(), ElementsAre(0x4001, 0x4002, 0x4003));
}

TEST_F(Unwind, FollowsFramePointersInGeneratedCode) {
  kernel.unwind_ranges.push_back(range(kLibrary, kLibrary + 0x1000));
  kernel.unwind_ranges.back().keeps_frame_pointers = 1;
  kernel.unwind_processes[10].count = 2;
  kernel.registers.ip = kLibrary + 0x10;
  kernel.registers.bp = kernel.registers.sp + 8;
  kernel.user_stack_words = {1, kernel.registers.sp + 32, kMain + 0x20, 3, 0, kStart + 0x10};
  EXPECT_EQ(sample().header.user_end, STACK_END_COMPLETE);
  EXPECT_THAT(frames(), ElementsAre(kLibrary + 0x10, kMain + 0x20, kStart + 0x10));
}

TEST_F(Unwind, GoesAcrossASignalFrameToWhatItInterrupted) {
  kernel.unwind_rows[0] = {.pc = 0x0500, .cfa = 0, .rbp = 0, .rule = UNWIND_SIGNAL};
  kernel.user_stack_words.assign(32, 0);
  const uint64_t sp = kernel.registers.sp;
  kernel.user_stack_words[UNWIND_SIGNAL_RIP / 8] = kMain;  // its very first instruction
  kernel.user_stack_words[UNWIND_SIGNAL_RBP / 8] = sp + 200;
  kernel.user_stack_words[UNWIND_SIGNAL_RSP / 8] = sp + 184;
  kernel.user_stack_words[26] = kStart + 0x10;
  EXPECT_EQ(sample().header.user_end, STACK_END_COMPLETE);
  EXPECT_THAT(frames(), ElementsAre(kBase + 0x540, kMain + 1, kStart + 0x10));
}

TEST_F(Unwind, ForksHandTablesOnAndExecDropsThem) {
  const auto parent = thread(12, "parent", 10);
  kernel.unwind_processes[77] = {.first = 9, .count = 9};
  kernel.forks(parent, thread(50, "child"));
  EXPECT_EQ(kernel.unwind_processes.at(50).count, 1u);
  kernel.forks(thread(60), thread(77));
  EXPECT_FALSE(kernel.unwind_processes.contains(77)) << "of who had the pid before";
  kernel.forks(parent, thread(51, "its thread", 10));
  EXPECT_FALSE(kernel.unwind_processes.contains(51));
  kernel.execs(thread(50), 50);
  EXPECT_FALSE(kernel.unwind_processes.contains(50));
}

TEST_F(Unwind, OfThreadsThatBlockAndOfWakers) {
  want_switch_stacks = true;
  want_waker_stacks = true;
  kernel.kernel_stack = {0xffff0001};
  kernel.current = ping;
  ping.__state = 1;
  kernel.switches(ping, pong);
  const Record blocked = kernel.ring().records.back();
  EXPECT_EQ(blocked.as<sched_switch_event>().kernel_frames, 1);
  EXPECT_EQ(blocked.as<sched_switch_event>().user_frames, 3);
  EXPECT_EQ(blocked.header().user_end, STACK_END_COMPLETE);
  ping.__state = 0;
  kernel.switches(ping, pong);
  EXPECT_THAT(kernel.ring().records.back().frames(sizeof(sched_switch_event)), IsEmpty())
      << "who is pre-empted waits for nothing";
  kernel.waking(pong);
  const Record waking = kernel.ring().records.back();
  EXPECT_EQ(waking.as<sched_wake_event>().user_frames, 3);
  EXPECT_THAT(waking.frames(sizeof(sched_wake_event)),
              ElementsAre(0xffff0001, kBase + 0x540, kMain + 0x20, kStart + 0x10));
  kernel.wakes(pong);
  EXPECT_THAT(kernel.ring().records.back().frames(sizeof(sched_wake_event)), IsEmpty());
}

}  // namespace
}  // namespace test
