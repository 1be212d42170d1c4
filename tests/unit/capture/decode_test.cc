// decode: each kind of record as the kernel side writes it, and each one too short.

#include "profiler/capture/decode.h"

#include <gtest/gtest.h>

#include <cstring>

#include "profiler/wire/event.h"
#include "tests/support/scratch_directory.h"

namespace thaw {
namespace {

class Decode : public testing::Test {
 protected:
  template <class Record>
  std::optional<Event> decoded(const Record& record, uint32_t bytes = sizeof(Record)) {
    char copy[4096] = {};
    std::memcpy(copy, &record, sizeof record);
    return decode(copy, bytes, writer_);
  }
  static event_header header(event_kind kind) {
    return {.size_bytes = 0,
            .kind = static_cast<__u8>(kind),
            .level = LEVEL_SCHED,
            .cpu = 3,
            .time_ns = 12345};
  }

  test::ScratchDirectory directory_;
  Writer writer_ = Writer::create(directory_ / "capture.thaw", Header{}).value();
};

struct sample_with_frames {
  sample_event sample;
  __u64 frames[3];
};
struct slow_with_frames {
  slow_emit_event slow;
  __u64 frames[2];
};

TEST_F(Decode, Switch) {
  const auto event = decoded(sched_switch_event{header(EVENT_SCHED_SWITCH), 11, 22, 10, 2});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::sched_switch);
  EXPECT_EQ(event->cpu, CpuId(3));
  EXPECT_EQ(event->time_ns, 12345);
  EXPECT_EQ(event->tid, Tid(11));
  EXPECT_EQ(event->pid, Pid(10));
  EXPECT_EQ(event->other_tid, Tid(22));
  EXPECT_EQ(event->detail, 2);
}

TEST_F(Decode, WakingAndWakeup) {
  for (const auto kind : {EVENT_SCHED_WAKING, EVENT_SCHED_WAKEUP}) {
    const auto event = decoded(sched_wake_event{header(kind), 11, 22, 10, 1});
    ASSERT_TRUE(event);
    EXPECT_EQ(static_cast<int>(event->kind), static_cast<int>(kind));
    EXPECT_EQ(event->tid, Tid(11));
    EXPECT_EQ(event->pid, Pid(10));
    EXPECT_EQ(event->other_tid, Tid(22));
    EXPECT_EQ(event->detail, 1);
  }
}

TEST_F(Decode, TasksWithTheirNames) {
  for (const auto kind : {EVENT_TASK_NEW, EVENT_TASK_EXEC, EVENT_TASK_RENAME}) {
    const auto event = decoded(task_event{header(kind), 11, 10, 9, 0, "worker"});
    ASSERT_TRUE(event);
    EXPECT_EQ(event->name, writer_.intern("worker"));
    EXPECT_EQ(event->other_tid, Tid(9));
    EXPECT_EQ(event->detail, 0);
  }
}

TEST_F(Decode, ANameThatFillsItsField) {
  task_event record{header(EVENT_TASK_NEW), 11, 10, 9, 0, {}};
  std::memset(record.name, 'x', sizeof record.name);
  EXPECT_EQ(decoded(record)->name, writer_.intern(std::string(sizeof record.name, 'x')));
}

TEST_F(Decode, ExitWithItsCodeAndWithoutAName) {
  const auto event = decoded(task_event{header(EVENT_TASK_EXIT), 11, 10, 0, 0x300, "stale"});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->detail, 0x300);
  EXPECT_EQ(event->name, StringId{});
}

TEST_F(Decode, SampleWithKernelThenUserFrames) {
  const auto event =
      decoded(sample_with_frames{{header(EVENT_SAMPLE), 11, 10, 1, 2, 0}, {0xf1, 0x41, 0x42}});
  ASSERT_TRUE(event);
  const uint64_t kernel[] = {0xf1}, user[] = {0x41, 0x42};
  EXPECT_EQ(event->kernel_stack, writer_.intern_stack(kernel));
  EXPECT_EQ(event->user_stack, writer_.intern_stack(user));
  EXPECT_NE(event->kernel_stack, event->user_stack);
}

TEST_F(Decode, SampleWithoutFrames) {
  const auto event = decoded(sample_event{header(EVENT_SAMPLE), 11, 10, 0, 0, 0});
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kernel_stack, StackId{});
  EXPECT_EQ(event->user_stack, StackId{});
}

TEST_F(Decode, SlowEmitWithTheContextOfItsLevel) {
  slow_with_frames record{{header(EVENT_SLOW_EMIT), 5'000'000, 11, 2, EVENT_SAMPLE, 0}, {7, 8}};
  record.slow.header.level = LEVEL_NMI;
  const auto event = decoded(record);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->duration_ns, 5'000'000);
  EXPECT_EQ(event->detail, static_cast<int64_t>(EmitContext::nmi));
  const uint64_t frames[] = {7, 8};
  EXPECT_EQ(event->kernel_stack, writer_.intern_stack(frames));
}

TEST_F(Decode, RefusesRecordsShorterThanTheirKind) {
  EXPECT_FALSE(decoded(header(EVENT_SCHED_SWITCH), sizeof(event_header) - 1));
  EXPECT_FALSE(decoded(sched_switch_event{header(EVENT_SCHED_SWITCH)}, 31));
  EXPECT_FALSE(decoded(sched_wake_event{header(EVENT_SCHED_WAKING)}, 31));
  EXPECT_FALSE(decoded(sched_wake_event{header(EVENT_SCHED_WAKEUP)}, 31));
  EXPECT_FALSE(decoded(sample_event{header(EVENT_SAMPLE)}, 31));
  EXPECT_FALSE(decoded(slow_emit_event{header(EVENT_SLOW_EMIT)}, 31));
  for (const auto kind : {EVENT_TASK_NEW, EVENT_TASK_EXEC, EVENT_TASK_EXIT, EVENT_TASK_RENAME})
    EXPECT_FALSE(decoded(task_event{header(kind)}, 47));
}

TEST_F(Decode, RefusesFramesThatAreNotThere) {
  EXPECT_FALSE(decoded(sample_with_frames{{header(EVENT_SAMPLE), 11, 10, 1, 3, 0}, {1, 2, 3}}));
  EXPECT_FALSE(decoded(slow_with_frames{{header(EVENT_SLOW_EMIT), 1, 11, 3, 1, 0}, {1, 2}}));
}

TEST_F(Decode, RefusesKindsAndLevelsThatDoNotExist) {
  for (const int kind : {0, static_cast<int>(EVENT_TASK_SEEN), 11, 12, 13, 255})
    EXPECT_FALSE(decoded(task_event{header(static_cast<event_kind>(kind))}, sizeof(task_event)));
  sched_switch_event record{header(EVENT_SCHED_SWITCH), 11, 22, 10, 2};
  record.header.level = LEVELS;
  EXPECT_FALSE(decoded(record));
}

}  // namespace
}  // namespace thaw
