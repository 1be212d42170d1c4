// Writer with last_ns: only the newest stays, but for what says who a thread is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
      tally.happened[static_cast<size_t>(EventKind::sched_switch)]++;
      tally.time_ns = event.time_ns;
      EXPECT_TRUE(writer->put_tally(tally));
    }
    tally.happened[static_cast<size_t>(EventKind::task_new)] = 1;
    tally.switches = {{9, true}};
    EXPECT_TRUE(
        writer->finish(tally, {.end_ns = seconds * kSecond, .reason = "test", .command_exit = {}}));
    left_out_ = writer->left_out()[static_cast<size_t>(EventKind::sched_switch)];
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
};

TEST_F(LastSeconds, KeepTheNewestAndWhoWasWho) {
  const Capture capture = record(100, 3 * kSecond);
  EXPECT_THAT(switches(capture), testing::ElementsAre(97, 98, 99, 100));
  EXPECT_EQ(left_out_, 96u);
  EXPECT_EQ(capture.events().size(), 5u);
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
