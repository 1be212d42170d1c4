// Sums of threads: reasons, wakers, and whom a capture of some processes knows.

#include "profiler/analysis/thread_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/analysis/profile.h"
#include "tests/support/given_capture.h"

namespace thaw::test {
namespace {

using testing::ElementsAre;
using testing::Field;

constexpr uint64_t kFutexWait = 0xffffffff81001000;
constexpr uint64_t kSchedule = 0xffffffff81002000;
constexpr uint64_t kNmiEntry = 0xffffffff81003000;

class ThreadTimesTest : public testing::Test {
 protected:
  explicit ThreadTimesTest(std::string scope = "all", std::string clock = "none")
      : scope_(std::move(scope)), clock_(std::move(clock)) {}

  Event event(EventKind kind, int64_t at_ns, int32_t tid, int32_t other) {
    Event event;
    event.kind = kind;
    event.time_ns = kStart + at_ns;
    event.tid = Tid(tid);
    event.pid = Pid(tid);
    event.other_tid = Tid(other);
    return event;
  }
  Writer& writer() {
    if (!writer_) {
      Header header{.scope = scope_, .clock = clock_, .cpus = 1, .start_ns = kStart};
      writer_.emplace(Writer::create(scratch_ / "c.thaw", header).value());
    }
    return *writer_;
  }
  void names(int32_t tid, std::string_view name) {
    Event named = event(EventKind::task_seen, 0, tid, 0);
    named.name = writer().intern(name);
    EXPECT_TRUE(writer().add(named));
  }
  void switches(int64_t at_ns, int32_t from, int32_t to, int64_t state,
                std::vector<uint64_t> stack = {}) {
    Event one = event(EventKind::sched_switch, at_ns, from, to);
    one.detail = state;
    one.kernel_stack = writer().intern_stack(stack);
    EXPECT_TRUE(writer().add(one));
  }
  void wakes(int64_t at_ns, int32_t who, int32_t waker) {
    EXPECT_TRUE(writer().add(event(EventKind::sched_waking, at_ns, who, waker)));
    EXPECT_TRUE(writer().add(event(EventKind::sched_wakeup, at_ns, who, waker)));
  }
  Capture capture() {
    const std::vector<KernelFunction> functions{{kFutexWait, 0x100, "futex_wait", ""},
                                                {kSchedule, 0x100, "schedule", ""},
                                                {kNmiEntry, 0x100, "asm_exc_nmi", ""}};
    EXPECT_TRUE(writer().put(std::span<const KernelFunction>(functions)));
    EXPECT_TRUE(writer().finish({}, {.end_ns = kStart + 10_ms, .reason = "duration"}));
    return Capture::load(scratch_ / "c.thaw").value();
  }
  static const ThreadTimes& of(const std::vector<ThreadTimes>& all, int32_t tid) {
    return *std::ranges::find(all, Tid(tid), &ThreadTimes::tid);
  }

 private:
  std::string scope_;
  std::string clock_;
  ::test::ScratchDirectory scratch_;
  std::optional<Writer> writer_;
};

TEST_F(ThreadTimesTest, GiveAWaitItsReasonAndItsWaker) {
  names(7, "waiter");
  names(8, "waker");
  switches(1_ms, 7, 8, kSleeping, {kSchedule + 0x10, kFutexWait + 0x10});
  wakes(4_ms, 7, 8);
  switches(5_ms, 8, 7, kPreempted);
  const auto all = thread_times(capture());
  const ThreadTimes& waiter = of(all, 7);
  const Waits& futex = waiter.waits[static_cast<size_t>(WaitReason::futex)];
  EXPECT_EQ(futex.count, 1u);
  EXPECT_EQ(futex.ns, 3_ms);
  EXPECT_EQ(waiter.waiting_ns, 3_ms);
  EXPECT_EQ(waiter.ready_ns, 1_ms);
  EXPECT_EQ(waiter.running_ns, 1_ms + 5_ms);
  EXPECT_EQ(waiter.switches, 2u);
  EXPECT_THAT(waiter.wakers, ElementsAre(Field(&Waker::name, "waker")));
}

TEST_F(ThreadTimesTest, KnowNoReasonWithoutAStack) {
  switches(1_ms, 7, 8, kSleeping);
  wakes(4_ms, 7, 8);
  const auto all = thread_times(capture());
  EXPECT_EQ(of(all, 7).waits[static_cast<size_t>(WaitReason::unknown)].count, 1u);
}

TEST_F(ThreadTimesTest, KnowWhichStacksTheBrakeLeftOut) {
  GivenCapture given;
  auto cpu = given.cpu(0).ran(7);
  cpu.at(1_ms).sleeps_for(8).at(2_ms).wakes(7).woken(7).switch_to(7);
  cpu.at(3_ms).blocks_unseen_for(8).at(6_ms).wakes(7).woken(7).switch_to(7);
  const auto all = thread_times(given.capture());
  EXPECT_EQ(of(all, 7).waits[static_cast<size_t>(WaitReason::unknown)].count, 2u);
  EXPECT_EQ(of(all, 7).shed.count, 1u);
  EXPECT_EQ(of(all, 7).shed.ns, 3_ms);
}

class OfSomeProcesses : public ThreadTimesTest {
 protected:
  OfSomeProcesses() : ThreadTimesTest("pid 7") {}
};

TEST_F(OfSomeProcesses, SaySomethingOnlyOfThose) {
  names(7, "mine");
  switches(1_ms, 99, 7, kSleeping);  // somebody else leaves for it
  switches(2_ms, 7, 99, kSleeping);
  const auto all = thread_times(capture());
  EXPECT_THAT(all, ElementsAre(Field(&ThreadTimes::tid, Tid(7))));
}

class SampledByNmi : public ThreadTimesTest {
 protected:
  SampledByNmi() : ThreadTimesTest("all", "nmi") {}
};

TEST_F(SampledByNmi, BeginWhereTheNmiCame) {
  Event sample = event(EventKind::sample, 1_ms, 7, 0);
  sample.kernel_stack =
      writer().intern_stack(std::vector<uint64_t>{kNmiEntry + 0x10, kSchedule + 0x10});
  EXPECT_TRUE(writer().add(sample));
  const Profile profile = make_profile(capture());
  ASSERT_EQ(profile.functions.size(), 1u) << "the NMI's own frames are gone";
  EXPECT_EQ(profile.functions[0].function.name, "schedule");
  EXPECT_EQ(profile.functions[0].self, 1u);
}

}  // namespace
}  // namespace thaw::test
