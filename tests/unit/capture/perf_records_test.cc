// Perf records as the kernel writes them, made up field by field: what becomes of each, and that
// one which is cut short or lies is counted and harms nothing.

#include "profiler/capture/perf_records.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "profiler/capture/decode.h"
#include "profiler/capture/perf_layout.h"
#include "profiler/capture/process_records.h"
#include "tests/support/scratch_directory.h"

namespace thaw {
namespace {

constexpr uint64_t kKernelFrame = 0xffffffff81000010, kUserFrame = 0x401000;

/// A record, put together in order.
class Made {
 public:
  explicit Made(uint32_t type, uint16_t misc = 0) {
    put(perf_event_header{.type = type, .misc = misc, .size = 0});
  }
  template <class T>
  Made& put(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Made& words(const std::vector<uint64_t>& values) {
    for (const uint64_t value : values) put(value);
    return *this;
  }
  /// Padded to eight bytes, as the kernel does.
  Made& text(std::string text) {
    text.resize(text.size() / 8 * 8 + 8, '\0');
    bytes_ += text;
    return *this;
  }
  Made& id(uint32_t pid, uint32_t tid, uint64_t time_ns, uint32_t cpu = 1) {
    return put(sample_id{pid, tid, time_ns, cpu, 0});
  }
  std::string done() {
    perf_event_header header;
    std::memcpy(&header, bytes_.data(), sizeof header);
    header.size = static_cast<uint16_t>(bytes_.size());
    std::memcpy(bytes_.data(), &header, sizeof header);
    return bytes_;
  }

 private:
  std::string bytes_;
};

std::string switch_of_a_process(uint32_t tid, uint64_t time_ns, uint16_t misc) {
  return Made(PERF_RECORD_SWITCH, misc).id(10, tid, time_ns).done();
}
constexpr uint16_t kOut = PERF_RECORD_MISC_SWITCH_OUT;
constexpr uint16_t kOutPreempted = kOut | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;

std::string forked(uint32_t pid, uint32_t tid, uint32_t parent_tid, uint64_t time_ns) {
  return Made(PERF_RECORD_FORK)
      .put(pid)
      .put(uint32_t{10})
      .put(tid)
      .put(parent_tid)
      .put(time_ns)
      .id(10, parent_tid, time_ns)
      .done();
}
std::string exited(uint32_t pid, uint32_t tid, uint64_t time_ns) {
  return Made(PERF_RECORD_EXIT)
      .put(pid)
      .put(uint32_t{1})
      .put(tid)
      .put(uint32_t{1})
      .put(time_ns)
      .id(pid, tid, time_ns)
      .done();
}
std::string named(uint32_t tid, const char* name, uint16_t misc = 0) {
  return Made(PERF_RECORD_COMM, misc).put(uint32_t{10}).put(tid).text(name).id(10, tid, 5).done();
}

/// With both sides in the call chain, then registers and a stack of 16 bytes of which `copied` are.
std::string sample_with_copy(uint64_t copied = 16) {
  return Made(PERF_RECORD_SAMPLE)
      .id(10, 11, 500)
      .words({2, static_cast<uint64_t>(PERF_CONTEXT_KERNEL), kKernelFrame})
      .words({PERF_SAMPLE_REGS_ABI_64, 0xb, 0x5, 0x1})
      .words({16, 0x1111, 0x2222, copied})
      .done();
}
std::string sample_by_frame_pointers() {
  return Made(PERF_RECORD_SAMPLE)
      .id(10, 11, 500)
      .words({5, static_cast<uint64_t>(PERF_CONTEXT_KERNEL), kKernelFrame,
              static_cast<uint64_t>(PERF_CONTEXT_USER), kUserFrame, kUserFrame + 1})
      .done();
}

class PerfRecord : public testing::Test {
 protected:
  /// Events of the capture that come of records.
  std::vector<Event> events_of(const std::vector<std::string>& records) {
    std::vector<Event> events;
    for (const std::string& record : records)
      made_.take(record, [&](const char* wire, uint32_t bytes) {
        wire_.assign(wire, bytes);
        const auto event = decode(wire, bytes, writer_);
        ASSERT_TRUE(event);
        events.push_back(*event);
      });
    return events;
  }
  void reads(const PerfRecordsOf& of) { made_ = PerfRecords(of); }

  test::ScratchDirectory directory_;
  Writer writer_ = Writer::create(directory_ / "capture.thaw", Header{}).value();
  PerfRecords made_{{.call_chain = true}};
  std::string wire_;  ///< the last one
};

TEST_F(PerfRecord, OfASampleBecomesBothSidesOfItsStack) {
  const auto events = events_of({sample_by_frame_pointers()});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, EventKind::sample);
  EXPECT_EQ(events[0].pid, Pid(10));
  EXPECT_EQ(events[0].tid, Tid(11));
  EXPECT_EQ(events[0].time_ns, 500);
  EXPECT_EQ(events[0].cpu, CpuId(1));
  EXPECT_EQ(events[0].kernel_stack, writer_.intern_stack(std::vector<uint64_t>{kKernelFrame}));
  EXPECT_EQ(events[0].user_stack,
            writer_.intern_stack(std::vector<uint64_t>{kUserFrame, kUserFrame + 1}));
}

TEST_F(PerfRecord, OfASampleKeepsTheCopyOfItsStack) {
  reads({.call_chain = true, .stack_copy = true});
  events_of({sample_with_copy(8)});
  sample_event sample;
  ASSERT_EQ(wire_.size(), sizeof sample + 8 + sizeof(stack_copy) + 8);
  std::memcpy(&sample, wire_.data(), sizeof sample);
  EXPECT_EQ(sample.header.has_stack_copy, 1);
  EXPECT_EQ(sample.header.size_bytes, wire_.size());
  EXPECT_EQ(sample.kernel_frames, 1);
  stack_copy copy;
  std::memcpy(&copy, wire_.data() + sizeof sample + 8, sizeof copy);
  EXPECT_EQ(copy.bp, 0xbu);
  EXPECT_EQ(copy.sp, 0x5u);
  EXPECT_EQ(copy.ip, 0x1u);
  EXPECT_EQ(copy.bytes, 8u) << "as many as could be read, not as many as there was room for";
  EXPECT_EQ(copy.pid, 10u);
}

TEST_F(PerfRecord, OfASampleOfAKernelThreadHasNoCopy) {
  reads({.call_chain = true, .stack_copy = true});
  const auto events = events_of(
      {Made(PERF_RECORD_SAMPLE).id(10, 11, 500).words({0, PERF_SAMPLE_REGS_ABI_NONE, 0}).done()});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].user_stack, StackId{});
  EXPECT_EQ(made_.bad(), 0u);
}

TEST_F(PerfRecord, OfADeepStackIsCutAndCounted) {
  std::vector<uint64_t> words(302, kUserFrame);
  words[0] = 301;
  words[1] = static_cast<uint64_t>(PERF_CONTEXT_USER);
  const auto events = events_of({Made(PERF_RECORD_SAMPLE).id(10, 11, 5).words(words).done()});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(made_.cut(), 1u);
  EXPECT_EQ(events[0].user_stack,
            writer_.intern_stack(std::vector<uint64_t>(THAW_MAX_FRAMES, kUserFrame)));
}

TEST_F(PerfRecord, OfASwitchOfAProcessKnowsOneSide) {
  const auto events =
      events_of({switch_of_a_process(11, 100, kOut), switch_of_a_process(11, 200, kOutPreempted),
                 switch_of_a_process(11, 300, 0)});
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].tid, Tid(11));
  EXPECT_EQ(events[0].other_tid, Tid(0));
  EXPECT_NE(events[0].detail, 0) << "it waits";
  EXPECT_EQ(events[1].detail, 0) << "it was pre-empted";
  EXPECT_EQ(events[2].tid, Tid(0));
  EXPECT_EQ(events[2].other_tid, Tid(11));
}

TEST_F(PerfRecord, OfASwitchOfACpuNamesBothAndCountsOnce) {
  reads({.whole_machine = true});
  const auto wide = [](uint16_t misc, uint32_t current, uint32_t other) {
    return Made(PERF_RECORD_SWITCH_CPU_WIDE, misc)
        .put(uint32_t{20})
        .put(other)
        .id(10, current, 100)
        .done();
  };
  const auto events = events_of({wide(kOut, 11, 21), wide(0, 21, 11)});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].tid, Tid(11));
  EXPECT_EQ(events[0].other_tid, Tid(21));
}

TEST_F(PerfRecord, OfAThreadThatEndsIsItsLastSwitchToo) {
  const auto events = events_of({exited(10, 11, 100)});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, EventKind::task_exit);
  EXPECT_EQ(events[1].kind, EventKind::sched_switch);
  EXPECT_EQ(events[1].tid, Tid(11));
  EXPECT_EQ(events[1].detail, 0x80);
}

TEST_F(PerfRecord, OfAThreadThatEndsWaitsForItsLastSwitchWhereThatIsSeen) {
  reads({.whole_machine = true});
  ASSERT_EQ(events_of({exited(10, 11, 100)}).size(), 1u);
  const auto last = events_of({switch_of_a_process(11, 200, kOut)});
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].detail, 0x80);
  EXPECT_EQ(events_of({switch_of_a_process(11, 300, kOut)}).at(0).detail, 1) << "another thread";
}

TEST_F(PerfRecord, OfAThreadThatHasNoNumberAnyMoreIsOfWhoExitedThere) {
  reads({.whole_machine = true});
  events_of({exited(10, 11, 100)});
  const auto last = events_of({switch_of_a_process(UINT32_MAX, 200, kOut)});
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].tid, Tid(11));
  EXPECT_EQ(last[0].detail, 0x80);
}

TEST_F(PerfRecord, OfANewThreadHasItsParentsName) {
  made_.name(11, "old");
  const auto events =
      events_of({forked(10, 12, 11, 5), named(11, "sixteen-and-more-bytes"),
                 named(12, "new", PERF_RECORD_MISC_COMM_EXEC), forked(13, 13, 12, 9)});
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].kind, EventKind::task_new);
  EXPECT_EQ(events[0].other_tid, Tid(11));
  EXPECT_EQ(events[0].name, writer_.intern("old"));
  EXPECT_EQ(events[1].kind, EventKind::task_rename);
  EXPECT_EQ(events[1].name, writer_.intern("sixteen-and-mor"));
  EXPECT_EQ(events[2].kind, EventKind::task_exec);
  EXPECT_EQ(events[3].pid, Pid(13));
  EXPECT_EQ(events[3].name, writer_.intern("new"));
}

TEST_F(PerfRecord, OfLossesIsCounted) {
  events_of({Made(PERF_RECORD_LOST).words({1, 7}).id(0, 0, 1).done(),
             Made(PERF_RECORD_LOST_SAMPLES).words({5}).id(0, 0, 1).done(),
             Made(PERF_RECORD_THROTTLE).words({1, 2, 3}).id(0, 0, 1).done(),
             Made(PERF_RECORD_UNTHROTTLE).words({1, 2, 3}).id(0, 0, 1).done()});
  EXPECT_EQ(made_.lost(), 12u);
  EXPECT_EQ(made_.throttled(), 1u);
  EXPECT_EQ(made_.bad(), 0u);
}

std::vector<std::string> one_of_each() {
  return {sample_with_copy(),
          switch_of_a_process(11, 100, kOut),
          Made(PERF_RECORD_SWITCH_CPU_WIDE, kOut).words({1}).id(10, 11, 1).done(),
          forked(10, 12, 11, 5),
          exited(10, 12, 6),
          named(11, "name"),
          Made(PERF_RECORD_LOST).words({1, 7}).id(0, 0, 1).done()};
}

TEST_F(PerfRecord, ThatIsTooShortIsCountedWhereverItEnds) {
  reads({.call_chain = true, .stack_copy = true});
  for (const std::string& whole : one_of_each()) {
    const uint64_t before = made_.bad();
    // A sample_id that is cut off leaves another one's bytes in its place: only too short is bad.
    for (size_t bytes = sizeof(perf_event_header); bytes < sizeof(perf_event_header) + 8; bytes++)
      events_of({whole.substr(0, bytes)});
    EXPECT_EQ(made_.bad() - before, 8u) << "type " << int{whole[0]};
  }
  const std::string sample = sample_with_copy();
  const uint64_t before = made_.bad();
  for (size_t bytes = sizeof(perf_event_header); bytes < sample.size(); bytes++)
    EXPECT_TRUE(events_of({sample.substr(0, bytes)}).empty()) << bytes;
  EXPECT_EQ(made_.bad() - before, sample.size() - sizeof(perf_event_header));
}

TEST_F(PerfRecord, ThatLiesAboutItsSizesIsCounted) {
  reads({.call_chain = true, .stack_copy = true});
  const auto sample = [](const std::vector<uint64_t>& words) {
    return Made(PERF_RECORD_SAMPLE).id(10, 11, 5).words(words).done();
  };
  EXPECT_TRUE(events_of({sample({UINT64_MAX, 1, 2}),              // frames
                         sample({0, 2, 1, 2, 3, UINT64_MAX, 8}),  // bytes of stack
                         sample({0, 2, 1, 2, 3, 16, 1, 2, 17}),   // more copied than there is
                         sample_with_copy(UINT64_MAX),
                         Made(PERF_RECORD_SWITCH).id(1, 2, 3, 70'000).done()})  // no such CPU
                  .empty());
  EXPECT_EQ(made_.bad(), 5u);
}

TEST_F(PerfRecord, OfAnyBytesDoesNoHarm) {
  std::mt19937 random(1);
  const std::vector<std::string> seeds = one_of_each();
  ProcessRecords memory;
  for (const bool copies : {false, true}) {
    reads({.call_chain = true, .stack_copy = copies});
    for (int round = 0; round < 20'000; round++) {
      std::string record = seeds[random() % seeds.size()];
      for (int flips = 0; flips < 4; flips++) record[random() % record.size()] ^= random() & 0xff;
      record.resize(std::max(sizeof(perf_event_header), random() % (record.size() + 1)));
      made_.take(record, [&](const char* wire, uint32_t bytes) {
        event_header header;
        std::memcpy(&header, wire, sizeof header);
        ASSERT_EQ(header.size_bytes, bytes);
        (void)decode(wire, bytes, writer_);
      });
      (void)memory.decode(record);
    }
  }
}

}  // namespace
}  // namespace thaw
