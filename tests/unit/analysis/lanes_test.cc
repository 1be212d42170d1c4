// Lanes say the same as the timeline, from a capture that is never in memory as a whole.

#include "profiler/analysis/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "profiler/analysis/merge.h"
#include "profiler/analysis/timeline.h"
#include "tests/support/given_lanes.h"
#include "tests/support/seed.h"

namespace thaw::test {

using testing::ElementsAre;

const Lane& lane_of(const Lanes& lanes, int32_t tid) {
  for (const Lane& lane : lanes.threads())
    if (lane.tid == Tid(tid)) return lane;
  static const Lane kNone;
  ADD_FAILURE() << "no lane of " << tid;
  return kNone;
}

/// "running 0-10", times in ms.
std::vector<std::string> row_of(const Lane& lane) {
  std::vector<std::string> words;
  const auto slices = lane.slices();
  for (size_t i = 0; i + 1 < slices.size(); i++)
    words.push_back(fmt::format(
        "{} {}-{}", slices[i].what == kNothing ? "nothing" : name_of_class(slices[i].what),
        static_cast<double>(slices[i].start_ns) / 1e6,
        static_cast<double>(slices[i + 1].start_ns) / 1e6));
  return words;
}

/// Threads 1 to 6 on two CPUs, at random, in several chunks.
GivenCapture storm(size_t switches, uint64_t seed) {
  GivenCapture given;
  given.ending.end_ns = kStart + 1'000_ms;
  std::mt19937_64 random(seed);
  std::array<int64_t, 2> now{};
  std::array<int32_t, 2> runs{};
  const int64_t step = 900'000'000 / static_cast<int64_t>(switches);
  for (size_t i = 0; i < switches; i++) {
    // Long runs of one CPU, as rings are drained.
    const auto cpu = static_cast<uint32_t>(i / 5000 % 2);
    now[cpu] += 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(2 * step));
    const auto next = static_cast<int32_t>(random() % 4) + static_cast<int32_t>(cpu) * 3;
    if (next == runs[cpu]) continue;
    if (next != 0 && random() % 2 == 0)
      given.cpu(cpu).at(now[cpu]).wakes(next, cpu).woken(next, cpu);
    given.cpu(cpu).at(now[cpu]).switch_to(next, random() % 2 == 0 ? kPreempted : kSleeping);
    runs[cpu] = next;
  }
  return given;
}

TEST(Lanes, SayWhatTheTimelineSays) {
  const uint64_t seed = ::test::seed();
  const GivenCapture given = storm(60'000, seed);
  const Lanes lanes = lanes_of(given);
  size_t compared = 0;
  for (const ThreadTimeline& thread : build_timeline(given.capture())) {
    const Lane& lane = lane_of(lanes, thread.tid.value);
    std::vector<std::string> expected;
    int64_t end_ns = thread.slices.front().start_ns;
    for (const Slice& slice : thread.slices) {
      const auto word = [&](const char* state, int64_t from_ns, int64_t to_ns) {
        expected.push_back(fmt::format("{} {}-{}", state,
                                       static_cast<double>(from_ns - kStart) / 1e6,
                                       static_cast<double>(to_ns - kStart) / 1e6));
      };
      if (slice.start_ns > end_ns) word("nothing", end_ns, slice.start_ns);
      word(name_of(slice.state), slice.start_ns, slice.end_ns);
      end_ns = slice.end_ns;
    }
    auto found = row_of(lane);
    if (!found.empty() && found.front().starts_with("nothing 0-")) found.erase(found.begin());
    EXPECT_EQ(found, expected) << "thread " << thread.tid.value << ", seed " << seed;
    compared += expected.size();
  }
  EXPECT_GT(compared, 60'000u);
}

TEST(Lanes, MergeChunksThatGoBackInTime) {
  const uint64_t seed = ::test::seed();
  const GivenCapture given = storm(90'000, seed);
  const Capture whole = given.capture();
  std::vector<int64_t> earliest;
  const auto streamed =
      StreamedCapture::parse(given.bytes(), "a.thaw", [&](std::span<const Event> events) {
        earliest.push_back(std::ranges::min(events, {}, &Event::time_ns).time_ns);
      });
  ASSERT_TRUE(streamed);
  ASSERT_GT(streamed->chunks(), 3u) << "one chunk proves nothing";
  std::vector<Event> expected;
  EventMerge merge(whole.events());
  while (const Event* event = merge.next())
    if (is_frequent(event->kind)) expected.push_back(*event);
  std::vector<Event> found;
  merge_streamed(*streamed, earliest, [&](const Event& event) { found.push_back(event); });
  EXPECT_TRUE(found == expected) << "seed " << seed;
}

TEST(Lanes, SumUpAnyStretchAsItsSlicesDo) {
  const uint64_t seed = ::test::seed();
  const Lanes lanes = lanes_of(storm(4'000, seed));
  std::mt19937_64 random(seed);
  for (int trial = 0; trial < 300; trial++) {
    const Lane& lane = lanes.threads()[random() % lanes.threads().size()];
    int64_t from_ns = static_cast<int64_t>(random() % 1'000'000'000);
    int64_t to_ns = static_cast<int64_t>(random() % 1'000'000'000);
    if (from_ns > to_ns) std::swap(from_ns, to_ns);
    ClassTimes expected{};
    const auto slices = lane.slices();
    for (size_t i = 0; i + 1 < slices.size(); i++)
      if (slices[i].what != kNothing)
        expected[slices[i].what] += std::max<int64_t>(
            0, std::min(to_ns, slices[i + 1].start_ns) - std::max(from_ns, slices[i].start_ns));
    EXPECT_EQ(lane.times_in(from_ns, to_ns), expected)
        << from_ns << " " << to_ns << " seed " << seed;
  }
}

TEST(Lanes, CallRunningStalledWhereItsCpuStoodStill) {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  given.cpu(0).ran(7).at(30_ms).slow_emit(EmitContext::nmi, 20_ms).at(90_ms).sleeps_for(0);
  given.cpu(1).ran(8).at(95_ms).sleeps_for(0);
  const Lanes lanes = lanes_of(given);
  EXPECT_THAT(row_of(lane_of(lanes, 7)),
              ElementsAre("running 0-30", "stalled 30-50", "running 50-90", "waiting 90-100"));
  EXPECT_THAT(row_of(lane_of(lanes, 8)), ElementsAre("running 0-95", "waiting 95-100"))
      << "its CPU went on";
  EXPECT_EQ(lane_of(lanes, 7).times[kStalled], 20_ms);
}

TEST(Lanes, KnowWhoWokeAndWhereItWas) {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  given.cpu(0).ran(7).at(10_ms).blocks_for(8, {0xffffffff81000010}, {0x1000});
  given.cpu(0).at(30_ms).wakes_from(7, {0xffffffff81000020}).woken(7).at(40_ms).sleeps_for(7);
  const Lanes lanes = lanes_of(given);
  const Lane& lane = lane_of(lanes, 7);
  const LaneSlice& wait = lane.slices()[1];
  ASSERT_TRUE(is_wait(wait.what));
  EXPECT_EQ(lanes.waits()[wait.detail].waker, Tid(8));
  EXPECT_NE(lanes.waits()[wait.detail].blocked.kernel_stack, StackId());
  EXPECT_TRUE(lanes.has_wait_stacks());
  EXPECT_NE(lanes.waits()[wait.detail].waker_trace.kernel_stack, StackId());
  EXPECT_TRUE(lanes.has_waker_stacks());
}

TEST(Lanes, KnowWakersThatHaveNoEventOfTheirOwn) {
  GivenCapture given;
  given.header.scope = "pid 7";
  given.ending.end_ns = kStart + 10'000_ms;
  for (int i = 0; i < 2000; i++) {
    given.cpu(0).ran(7).at(i * 4_ms + 1_ms).blocks_for(0, {0xffffffff81000010});
    given.cpu(0).ran(1000 + i).at(i * 4_ms + 3_ms).wakes_from(7, {0xffffffff81000020}).woken(7);
    given.cpu(0).ran(0).at(i * 4_ms + 4_ms).switch_to(7);
  }
  const Lanes lanes = lanes_of(given);
  const Lane& lane = lane_of(lanes, 7);
  EXPECT_EQ(lane.times[kFirstWait + static_cast<int>(WaitReason::other)] +
                lane.times[kFirstWait + static_cast<int>(WaitReason::unknown)],
            2000 * 2_ms);
  EXPECT_EQ(lane.times[kReady], 2000 * 1_ms);
}

TEST(Lanes, BeginWithTheFirstEventWhenThatIsBeforeTheStart) {
  GivenCapture given;
  given.cpu(0).ran(7).at(10_ms).sleeps_for(8).at(20_ms).sleeps_for(0);
  given.header.start_ns = kStart + 15_ms;  // as `record --last` leaves it
  given.ending.end_ns = kStart + 30_ms;
  const Lanes lanes = lanes_of(given);
  EXPECT_EQ(lanes.start_ns(), kStart + 10_ms);
  for (const Lane& lane : lanes.threads())
    for (const LaneSlice& slice : lane.slices()) EXPECT_GE(slice.start_ns, 0);
}

TEST(Lanes, CountAStallOfManySightingsOnce) {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  given.cpu(0).ran(7);
  for (int i = 0; i < 50; i++) given.cpu(0).at(10_ms + i * 1_us).stalls(20_ms, "heartbeat");
  given.cpu(0).at(90_ms).sleeps_for(0);
  const Lanes lanes = lanes_of(given);
  EXPECT_EQ(lane_of(lanes, 7).times[kStalled], 20_ms + 49_us);
}

TEST(Lanes, PutAThreadThatWasOnlySampledOnItsCpu) {
  GivenCapture given;
  given.ending.end_ns = kStart + 40_ms;
  given.cpu(1)
      .names(EventKind::task_seen, 7, "spinner")
      .ran(7)
      .at(10_ms)
      .sample({0xffffffff81000010}, {});
  const std::vector<Lane> cpus = lanes_of(given).make_cpus();
  ASSERT_EQ(cpus.size(), 1u);
  EXPECT_EQ(cpus[0].name, "CPU 1");
}

TEST(Lanes, OfCpusHoldWhoRanThere) {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  given.cpu(0).ran(7).at(10_ms).sleeps_for(0).at(20_ms).switch_to(8).at(30_ms).switch_to(7);
  given.cpu(1).ran(9).at(50_ms).sleeps_for(0);
  const std::vector<Lane> cpus = lanes_of(given).make_cpus();
  ASSERT_EQ(cpus.size(), 2u);
  EXPECT_THAT(row_of(cpus[0]),
              ElementsAre("running 0-10", "nothing 10-20", "running 20-30", "running 30-100"));
  EXPECT_THAT(row_of(cpus[1]), ElementsAre("running 0-50"));
}

TEST(Lanes, AreSortedByWhoRanMost) {
  GivenCapture given;
  given.ending.end_ns = kStart + 100_ms;
  given.thread_of(11, 10).thread_of(12, 10);
  given.cpu(0).ran(20).at(30_ms).sleeps_for(11).at(50_ms).sleeps_for(12).at(80_ms).sleeps_for(0);
  std::vector<int32_t> order;
  const Lanes lanes = lanes_of(given);
  for (const Lane& lane : lanes.threads()) order.push_back(lane.tid.value);
  EXPECT_THAT(order, ElementsAre(12, 11, 20)) << "process 10 ran 50 ms, 20 ran 30";
}

TEST(Lanes, OfAnEmptyCaptureAreNone) {
  const Lanes lanes = lanes_of(GivenCapture());
  EXPECT_TRUE(lanes.threads().empty());
  EXPECT_TRUE(lanes.make_cpus().empty());
}

}  // namespace thaw::test
