#pragma once
// Captures for tests, told as what happened on each CPU:
//
//   given.cpu(0).at(1_ms).switch_to(7).at(5_ms).sleeps_for(8);
//   given.cpu(1).at(6_ms).wakes(7);
//   EXPECT_EQ(build_timeline(given.capture()), …);
//
// Everything goes through the real Writer and the real reader: a fixture cannot hold what a file
// could not. Times count from the start of the capture, kStart.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/base/files.h"
#include "profiler/store/losses.h"
#include "profiler/store/reader.h"
#include "profiler/store/writer.h"
#include "tests/support/scratch_directory.h"

namespace thaw::test {

constexpr int64_t operator""_ns(unsigned long long value) {
  return static_cast<int64_t>(value);
}
constexpr int64_t operator""_us(unsigned long long value) {
  return static_cast<int64_t>(value) * 1'000;
}
constexpr int64_t operator""_ms(unsigned long long value) {
  return static_cast<int64_t>(value) * 1'000'000;
}

/// CLOCK_MONOTONIC when the capture began: a day after the boot.
inline constexpr int64_t kStart = 86'400'000'000'000;
/// task_struct::state of a thread that sleeps, waits for a disk, or is dead.
inline constexpr int64_t kPreempted = 0;
inline constexpr int64_t kSleeping = 1;
inline constexpr int64_t kDead = 0x80;

class GivenCapture {
 public:
  /// What happens on one CPU. at() sets the time of the verbs behind it.
  class Cpu {
   public:
    Cpu(GivenCapture& given, uint32_t number) : given_(given), number_(number) {}

    Cpu& at(int64_t since_start_ns) {
      given_.now_ns_ = kStart + since_start_ns;
      return *this;
    }
    /// From whoever this CPU runs to `next`; `state` is that of the one who leaves.
    Cpu& switch_to(int32_t next, int64_t state = kPreempted) {
      int32_t& runs = given_.running_[number_];
      Event event = about(EventKind::sched_switch, runs);
      event.other_tid = Tid(next);
      event.detail = state;
      runs = next;
      return add(event);
    }
    Cpu& sleeps_for(int32_t next) { return switch_to(next, kSleeping); }
    /// Sleeps, with where it blocked.
    Cpu& blocks_for(int32_t next, std::vector<uint64_t> kernel, std::vector<uint64_t> user = {}) {
      sleeps_for(next);
      given_.events_.back().kernel = std::move(kernel);
      given_.events_.back().user = std::move(user);
      return *this;
    }
    /// Sleeps, and the brake left out where it blocked.
    Cpu& blocks_unseen_for(int32_t next) {
      sleeps_for(next);
      given_.events_.back().event.user_end = StackEnd::shed;
      return *this;
    }
    Cpu& dies_for(int32_t next) { return switch_to(next, kDead); }
    /// Says who runs here without an event: what a capture that begins now cannot know.
    Cpu& ran(int32_t tid) {
      given_.running_[number_] = tid;
      return *this;
    }
    /// sched_waking by whoever runs here.
    Cpu& wakes(int32_t tid, uint32_t target_cpu = 0) {
      Event event = about(EventKind::sched_waking, tid);
      event.other_tid = Tid(given_.running_[number_]);
      event.detail = target_cpu;
      return add(event);
    }
    /// The same, with where the waker was.
    Cpu& wakes_from(int32_t tid, std::vector<uint64_t> kernel) {
      wakes(tid);
      given_.events_.back().kernel = std::move(kernel);
      return *this;
    }
    /// sched_wakeup, seen here.
    Cpu& woken(int32_t tid, uint32_t target_cpu = 0) {
      Event event = about(EventKind::sched_wakeup, tid);
      event.other_tid = Tid(given_.running_[number_]);
      event.detail = target_cpu;
      return add(event);
    }
    Cpu& sample(std::vector<uint64_t> kernel, std::vector<uint64_t> user,
                StackEnd end = StackEnd::unknown) {
      Event event = about(EventKind::sample, given_.running_[number_]);
      event.user_end = end;
      given_.events_.push_back({event, "", std::move(kernel), std::move(user)});
      return *this;
    }
    Cpu& slow_emit(EmitContext context, int64_t length_ns, std::vector<uint64_t> stack = {}) {
      Event event = about(EventKind::slow_emit, given_.running_[number_]);
      event.pid = {};
      event.detail = static_cast<int64_t>(context);
      event.duration_ns = length_ns;
      given_.events_.push_back({event, "", std::move(stack), {}});
      return *this;
    }
    Cpu& stalls(int64_t length_ns, std::string witness) {
      Event event = about(EventKind::stall, 0);
      event.duration_ns = length_ns;
      return add(event, std::move(witness));
    }
    /// task_seen, task_new, task_exec or task_rename.
    Cpu& names(EventKind kind, int32_t tid, std::string name, int32_t other_tid = 0) {
      Event event = about(kind, tid);
      event.other_tid = Tid(other_tid);
      return add(event, std::move(name));
    }
    Cpu& add(Event event, std::string name = {}) {
      given_.events_.push_back({event, std::move(name), {}, {}});
      return *this;
    }

   private:
    Event about(EventKind kind, int32_t tid) const {
      return {.kind = kind,
              .cpu = CpuId(number_),
              .time_ns = given_.now_ns_,
              .tid = Tid(tid),
              .pid = given_.process_of(tid)};
    }

    GivenCapture& given_;
    uint32_t number_;
  };

  Header header{.thaw_version = "0.1.0",
                .kernel = "6.12.48",
                .machine = "x86_64",
                .scope = "all",
                .clock = "none",
                .transport = "split",
                .cpus = 2,
                .start_ns = kStart};
  /// `happened` is filled in from the events, so that the books balance until loses() or leaks().
  std::vector<Mapping> mappings;
  std::vector<KernelFunction> functions;
  std::vector<GeneratedFunction> generated;
  std::vector<NamedImage> names;
  Tally tally;
  Ending ending{.end_ns = kStart + 1'000_ms, .reason = "duration"};

  Cpu cpu(uint32_t number) { return Cpu(*this, number); }
  /// Threads are processes of their own until told otherwise.
  GivenCapture& thread_of(int32_t tid, int32_t pid) {
    processes_[tid] = pid;
    return *this;
  }
  /// Events that happened and are gone, with a name.
  GivenCapture& loses(const std::string& loss, uint64_t count) {
    tally.losses[loss] += count;
    const Loss* row = find_loss(loss);
    if (row != nullptr && row->severity == Severity::DataLoss) lost_ += count;
    return *this;
  }
  /// Events that happened and are gone without a name: a bug.
  GivenCapture& leaks(uint64_t count) {
    lost_ += count;
    return *this;
  }
  GivenCapture& emits(uint32_t cpu, EmitContext context, int64_t length_ns, uint64_t count = 1) {
    if (tally.emit.size() <= cpu) tally.emit.resize(cpu + 1);
    EmitHistogram& histogram = tally.emit[cpu][static_cast<size_t>(context)];
    const auto ns = static_cast<uint64_t>(length_ns);
    histogram.buckets[ns == 0 ? 0 : std::bit_width(ns) - 1] += count;
    histogram.max_ns = std::max(histogram.max_ns, ns);
    return *this;
  }
  /// Killed before it could end; `with_tally`: after the counters were written at least once.
  GivenCapture& is_killed(bool with_tally) {
    is_killed_ = true;
    has_tally_ = with_tally;
    return *this;
  }

  std::string bytes() const {
    const ::test::ScratchDirectory directory;
    write(directory / "a.thaw");
    return read_file(directory / "a.thaw").value_or("");
  }
  Capture capture() const {
    auto capture = Capture::parse(bytes(), "a.thaw");
    if (!capture) ADD_FAILURE() << capture.error().message;
    return capture ? std::move(*capture) : Capture{};
  }

 private:
  struct Told {
    Event event;
    std::string name;
    std::vector<uint64_t> kernel, user;
  };

  Pid process_of(int32_t tid) const {
    const auto found = processes_.find(tid);
    return Pid(found == processes_.end() ? tid : found->second);
  }

  void write(const std::filesystem::path& path) const {
    auto writer = Writer::create(path, header);
    ASSERT_TRUE(writer) << writer.error().message;
    Tally last = tally;
    for (const Told& told : events_) {
      Event event = told.event;
      event.name = writer->intern(told.name);
      event.kernel_stack = writer->intern_stack(told.kernel);
      event.user_stack = writer->intern_stack(told.user);
      ASSERT_TRUE(writer->add(event));
      last.happened[static_cast<size_t>(event.kind)]++;
    }
    last.happened[static_cast<size_t>(EventKind::sched_switch)] += lost_;
    ASSERT_TRUE(writer->put(std::span<const Mapping>(mappings)));
    ASSERT_TRUE(writer->put(std::span<const KernelFunction>(functions)));
    ASSERT_TRUE(writer->put(std::span<const GeneratedFunction>(generated)));
    for (const NamedImage& image : names) ASSERT_TRUE(writer->put(image));
    if (!is_killed_) {
      ASSERT_TRUE(writer->finish(last, ending));
    } else if (has_tally_) {
      ASSERT_TRUE(writer->put_tally(last));
    } else {
      ASSERT_TRUE(writer->flush());
    }
  }

  std::vector<Told> events_;
  std::map<uint32_t, int32_t> running_;
  std::map<int32_t, int32_t> processes_;
  int64_t now_ns_ = kStart;
  uint64_t lost_ = 0;
  bool is_killed_ = false;
  bool has_tally_ = true;
};

}  // namespace thaw::test
