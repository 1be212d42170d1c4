// Writer with last_ns: only the newest stays, but for what says who a thread is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "profiler/store/reader.h"
#include "profiler/store/writer.h"
#include "tests/support/scratch_directory.h"

namespace thaw {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class LastSeconds : public testing::Test {
 protected:
  /// A recording of `seconds`, one switch in each, of a thread that is named once at its beginning.
  Capture record(int seconds, int64_t last_ns) {
    Header header;
    header.start_ns = kSecond;
    header.start_unix_ns = 1'000 * kSecond;
    auto writer = Writer::create(directory_ / "c.thaw", header, last_ns);
    EXPECT_TRUE(writer);
    Event name;
    name.kind = EventKind::task_new;
    name.time_ns = kSecond;
    name.tid = Tid(7);
    name.name = writer->intern("worker");
    EXPECT_TRUE(writer->add(name));
    Tally tally;
    for (int second = 1; second <= seconds; second++) {
      Event event;
      event.kind = EventKind::sched_switch;
      event.time_ns = second * kSecond;
      event.tid = Tid(7);
      const uint64_t frames[] = {0x1000u + static_cast<uint64_t>(second)};
      event.user_stack = writer->intern_stack(frames);
      EXPECT_TRUE(writer->add(event));
      Event again = event;  // a stack that comes every second
      again.cpu = CpuId(1);
      const uint64_t same[] = {0xffffffff81001000u};
      again.kernel_stack = writer->intern_stack(same);
      again.user_stack = {};
      again.kind = EventKind::sample;
      EXPECT_TRUE(writer->add(again));
      tally.happened[static_cast<size_t>(EventKind::sample)]++;
      most_addresses_ = std::max(most_addresses_, writer->user_addresses().size());
      kernel_addresses_ = writer->kernel_addresses().size();
      tally.happened[static_cast<size_t>(EventKind::sched_switch)]++;
      tally.time_ns = event.time_ns;
      EXPECT_TRUE(writer->put_tally(tally));
    }
    tally.happened[static_cast<size_t>(EventKind::task_new)] = 1;
    tally.switches = {{9, true}};
    EXPECT_TRUE(
        writer->finish(tally, {.end_ns = seconds * kSecond, .reason = "test", .command_exit = {}}));
    left_out_ = writer->left_out()[static_cast<size_t>(EventKind::sched_switch)];
    bytes_ = writer->bytes_written();
    auto capture = Capture::load(directory_ / "c.thaw");
    EXPECT_TRUE(capture);
    return std::move(*capture);
  }
  static std::vector<int64_t> switches(const Capture& capture) {
    std::vector<int64_t> seconds;
    for (const Event& event : capture.events())
      if (event.kind == EventKind::sched_switch) seconds.push_back(event.time_ns / kSecond);
    return seconds;
  }

  test::ScratchDirectory scratch_;
  std::filesystem::path directory_ = scratch_.path();
  uint64_t left_out_ = 0;
  uint64_t bytes_ = 0;
  size_t most_addresses_ = 0;
  size_t kernel_addresses_ = 0;
};

TEST_F(LastSeconds, ForgetStacksThatNoKeptEventHas) {
  const Capture capture = record(100, 3 * kSecond);
  EXPECT_LE(most_addresses_, 12u) << "of 100: three eras, and the chunk that is filled";
  EXPECT_EQ(kernel_addresses_, 1u) << "of several eras";
  const uint64_t of_100 = bytes_;
  ::unlink((directory_ / "c.thaw").c_str());
  record(1'000, 3 * kSecond);
  EXPECT_LT(bytes_, of_100 + of_100 / 8) << "what is held does not grow with the time";
}

TEST_F(LastSeconds, KeepStacksOfEveryEra) {
  const Capture capture = record(100, 7 * kSecond);
  size_t samples = 0;
  capture.each_sample([&](const Sample& sample) {
    samples++;
    ASSERT_EQ(capture.stack(sample.kernel_stack).size(), 1u);
    EXPECT_EQ(capture.stack(sample.kernel_stack)[0], 0xffffffff81001000u);
  });
  EXPECT_EQ(samples, 8u);
}

TEST_F(LastSeconds, ForgetWhoIsLongGone) {
  Header header;
  header.start_ns = kSecond;
  auto writer = Writer::create(directory_ / "w.thaw", header, 3 * kSecond);
  ASSERT_TRUE(writer);
  Tally tally;
  constexpr int kThreads = 20'000;
  for (int tid = 1; tid <= kThreads; tid++) {
    Event event;
    event.time_ns = kSecond + tid * (kSecond / 100);
    event.tid = Tid(tid);
    event.pid = Pid(tid);
    event.kind = EventKind::task_new;
    event.name = writer->intern(fmt::format("worker {}", tid));
    ASSERT_TRUE(writer->add(event));
    event.name = {};
    event.kind = EventKind::task_exit;
    if (tid > 1) {
      ASSERT_TRUE(writer->add(event));
    }
    event.kind = EventKind::sched_switch;
    ASSERT_TRUE(writer->add(event));
    if (tid % 100 == 0) {
      ASSERT_TRUE(writer->put_tally(tally));
    }
  }
  for (const auto& [kind, count] :
       {std::pair(EventKind::task_new, kThreads), std::pair(EventKind::task_exit, kThreads - 1),
        std::pair(EventKind::sched_switch, kThreads)})
    tally.happened[static_cast<size_t>(kind)] = static_cast<uint64_t>(count);
  ASSERT_TRUE(
      writer->finish(tally, {.end_ns = 300 * kSecond, .reason = "test", .command_exit = {}}));
  const auto capture = Capture::load(directory_ / "w.thaw");
  ASSERT_TRUE(capture);
  EXPECT_LT(capture->events().size(), 3 * 600u) << "of the last three seconds and a chunk";
  size_t named = 0;
  for (const Event& event : capture->events())
    if (event.kind == EventKind::task_new) {
      named++;
      EXPECT_EQ(capture->text(event.name), fmt::format("worker {}", event.tid.value));
    }
  EXPECT_GE(named, 300u);
  EXPECT_EQ(std::ranges::count(capture->events(), Tid(1), &Event::tid), 1) << "it lives";
  for (size_t kind = 0; kind < kEventKinds; kind++)
    EXPECT_EQ(capture->tally()->happened[kind],
              std::ranges::count(capture->events(), static_cast<EventKind>(kind), &Event::kind));
}

TEST_F(LastSeconds, KeepTheNewestAndWhoWasWho) {
  const Capture capture = record(100, 3 * kSecond);
  EXPECT_THAT(switches(capture), testing::ElementsAre(97, 98, 99, 100));
  EXPECT_EQ(left_out_, 96u);
  const Event& named = *std::ranges::find(capture.events(), EventKind::task_new, &Event::kind);
  EXPECT_EQ(capture.text(named.name), "worker");
}

TEST_F(LastSeconds, AreAWholeFileThatBeginsWhereNothingIsMissing) {
  const Capture capture = record(100, 3 * kSecond);
  EXPECT_EQ(capture.damage().chunks, 0u);
  EXPECT_TRUE(capture.ending().has_value());
  EXPECT_EQ(capture.header().start_ns, 97 * kSecond);
  EXPECT_EQ(capture.header().start_unix_ns, 1'096 * kSecond);
  for (const Event& event : capture.events()) {
    if (event.kind != EventKind::sched_switch) continue;
    EXPECT_EQ(capture.stack(event.user_stack).front(),
              0x1000u + static_cast<uint64_t>(event.time_ns / kSecond));
  }
}

TEST_F(LastSeconds, CountWhatStayed) {
  const Capture capture = record(100, 3 * kSecond);
  ASSERT_TRUE(capture.tally() && capture.has_last_tally());
  EXPECT_EQ(capture.tally()->happened[static_cast<size_t>(EventKind::sched_switch)], 4u);
  EXPECT_TRUE(capture.tally()->switches.empty());
}

TEST_F(LastSeconds, OfAShortRecordingAreAllOfIt) {
  const Capture capture = record(2, 60 * kSecond);
  EXPECT_THAT(switches(capture), testing::ElementsAre(1, 2));
  EXPECT_EQ(capture.header().start_ns, kSecond);
  EXPECT_EQ(left_out_, 0u);
}

}  // namespace
}  // namespace thaw
