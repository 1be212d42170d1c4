// One order for all CPUs.

#include "profiler/analysis/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/seed.h"

namespace thaw::test {

using testing::ElementsAre;
using testing::IsEmpty;

/// `tid` tells events apart.
Event on(uint32_t cpu, int64_t time_ns, int32_t tid) {
  return {.cpu = CpuId(cpu), .time_ns = time_ns, .tid = Tid(tid)};
}

std::vector<int32_t> merged(const std::vector<Event>& events) {
  std::vector<int32_t> tids;
  EventMerge merge(events);
  while (const Event* event = merge.next()) tids.push_back(event->tid.value);
  return tids;
}

TEST(EventMerge, OfNothingIsNothing) {
  EXPECT_THAT(merged({}), IsEmpty());
}

TEST(EventMerge, PutsRunsOfCpusIntoTimeOrder) {
  EXPECT_THAT(merged({on(0, 10, 1), on(0, 30, 3), on(1, 20, 2), on(1, 40, 4)}),
              ElementsAre(1, 2, 3, 4));
}

TEST(EventMerge, SortsACpuWhoseTwoRingsCameOneAfterTheOther) {
  EXPECT_THAT(merged({on(0, 10, 1), on(0, 40, 4), on(0, 20, 2), on(1, 30, 3)}),
              ElementsAre(1, 2, 3, 4));
}

TEST(EventMerge, KeepsFileOrderWithinACpuAtEqualTimes) {
  EXPECT_THAT(merged({on(0, 20, 2), on(0, 10, 1), on(0, 20, 3), on(0, 20, 4)}),
              ElementsAre(1, 2, 3, 4));
}

TEST(EventMerge, PutsTheLowerCpuFirstAtEqualTimes) {
  EXPECT_THAT(merged({on(7, 10, 3), on(2, 10, 1), on(5, 10, 2)}), ElementsAre(1, 2, 3));
}

TEST(EventMerge, EqualsAStableSort) {
  std::mt19937 random(static_cast<uint32_t>(::test::seed()));
  std::vector<Event> events;
  for (int32_t i = 0; i < 20'000; i++) events.push_back(on(random() % 9, random() % 5'000, i));
  std::vector<Event> sorted(events);
  std::ranges::stable_sort(
      sorted, {}, [](const Event& event) { return std::pair(event.time_ns, event.cpu.value); });
  std::vector<int32_t> expected;
  for (const Event& event : sorted) expected.push_back(event.tid.value);
  EXPECT_EQ(merged(events), expected);
}

}  // namespace thaw::test
