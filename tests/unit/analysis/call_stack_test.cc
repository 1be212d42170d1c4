// Frames of samples and switches: which byte is looked up, what an NMI's sample is, whose program.

#include "profiler/analysis/call_stack.h"

#include <gmock/gmock.h>

#include "tests/support/given_capture.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kKernel = 0xffffffff81000000;

class CallStack : public testing::Test {
 protected:
  CallStack() {
    for (const char* name : {"schedule", "pipe_read", "do_syscall_64", "exc_nmi", "my_handler"})
      given.functions.push_back({kKernel + 0x100 * given.functions.size(), 0x100, name, ""});
  }

  /// Names, leaf first, of the first event that has a stack.
  std::vector<std::string> names() {
    const Capture capture = given.capture();
    CallStacks stacks(capture);
    std::vector<std::string> result;
    for (const Event& event : capture.events()) {
      if (event.kernel_stack.value == 0 && event.user_stack.value == 0) continue;
      for (const CallFrame& frame : stacks.frames(stacks.trace_of(event)))
        result.push_back(stacks.names().function(frame.function).name);
      break;
    }
    return result;
  }

  GivenCapture given;
};

TEST_F(CallStack, ASampleRanAtItsLeafAndReturnsToTheRest) {
  // The first byte of pipe_read is where it ran; as a return address it would follow a call at the
  // end of schedule.
  given.cpu(0).ran(7).at(1_ms).sample({kKernel + 0x100, kKernel + 0x200}, {});
  EXPECT_THAT(names(), ElementsAre("pipe_read", "pipe_read"));
}

TEST_F(CallStack, ASwitchReturnsToItsLeafToo) {
  given.cpu(0).ran(7).at(1_ms).blocks_for(0, {kKernel + 0x100, kKernel + 0x200});
  EXPECT_THAT(names(), ElementsAre("schedule", "pipe_read"));
}

TEST_F(CallStack, ASwitchBeginsWithTheSchedulerNotWithWhoWatchesIt) {
  given.functions.push_back({kKernel + 0x500, 0x100, "__schedule", ""});
  given.functions.push_back({kKernel + 0x600, 0x100, "on_sched_switch", "bpf"});
  given.cpu(0).ran(7).at(1_ms).blocks_for(0, {kKernel + 0x610, kKernel + 0x510, kKernel + 0x110});
  EXPECT_THAT(names(), ElementsAre("__schedule", "pipe_read"));
}

TEST_F(CallStack, WhatAnNmiInterruptedIsTheSample) {
  given.header.clock = "nmi";
  given.cpu(0).ran(7).at(1_ms).sample({kKernel + 0x410, kKernel + 0x310, kKernel + 0x100}, {});
  EXPECT_THAT(names(), ElementsAre("pipe_read")) << "a leaf: its first byte is its own";
}

TEST_F(CallStack, AnotherClocksNmiIsAFunctionLikeAny) {
  given.header.clock = "cpu-clock";
  given.cpu(0).ran(7).at(1_ms).sample({kKernel + 0x410, kKernel + 0x310}, {});
  EXPECT_THAT(names(), ElementsAre("my_handler", "exc_nmi"));
}

TEST_F(CallStack, WithoutStacksThereAreNoFrames) {
  given.cpu(0).ran(7).at(1_ms).sample({}, {});
  const Capture capture = given.capture();
  CallStacks stacks(capture);
  EXPECT_THAT(stacks.frames(stacks.trace_of(capture.events().front())), IsEmpty());
}

TEST_F(CallStack, EqualStacksOfAnotherProgramAreAnotherTrace) {
  given.cpu(0).ran(7).at(1_ms).sample({}, {0x1000});
  given.cpu(1).ran(8).at(1_ms).sample({}, {0x1000});
  given.mappings = {{.pid = Pid(7),
                     .time_ns = kStart,
                     .address = 0x1000,
                     .bytes = 0x1000,
                     .file_offset = 0,
                     .path = "[anon]",
                     .build_id = ""}};
  const Capture capture = given.capture();
  CallStacks stacks(capture);
  const Trace known = stacks.trace_of(capture.events()[0]);
  const Trace unknown = stacks.trace_of(capture.events()[1]);
  EXPECT_NE(known, unknown);
  EXPECT_EQ(stacks.names().function(stacks.frames(known)[0].function).module, "[anon]");
  EXPECT_EQ(stacks.names().function(stacks.frames(unknown)[0].function).module, "?");
}

}  // namespace thaw::test
