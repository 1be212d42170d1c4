// Cells of every level say how the time in each bucket divides.

#include "profiler/ui/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "profiler/store/varint.h"
#include "tests/support/given_lanes.h"
#include "tests/support/seed.h"

namespace thaw::test {

using testing::ElementsAre;

/// Per bucket: shares of 255 by class.
std::vector<std::map<int, int>> decode(const std::string& cells) {
  std::vector<std::map<int, int>> buckets;
  ByteReader reader(cells);
  while (!reader.is_empty()) {
    const uint8_t tag = reader.byte();
    const uint64_t count = reader.varint();
    for (uint64_t i = 0; i < count; i++) {
      auto& bucket = buckets.emplace_back();
      if (tag < 64) bucket[tag] = 255;
      if (tag != 254) continue;
      for (int parts = reader.byte(); parts > 0; parts--) {
        const int what = reader.byte();
        bucket[what] = reader.byte();
      }
    }
  }
  EXPECT_TRUE(reader.ok());
  return buckets;
}

TEST(Cells, AreRunsWhereSlicesAreLong) {
  GivenCapture given;
  given.ending.end_ns = kStart + 4096;
  given.cpu(0).ran(7).at(1024_ns).sleeps_for(0).at(2048_ns).wakes(7).woken(7).at(3072_ns).switch_to(
      7);
  const Lanes lanes = lanes_of(given);
  std::string cells;
  append_cells(cells, lanes.threads()[0], 8, 0, 20);
  const auto wait = static_cast<char>(kFirstWait + static_cast<int>(WaitReason::unknown));
  EXPECT_EQ(cells, (std::string{kRunning, 4, wait, 4, kReady, 4, kRunning, 4, '\xff', 4}));
}

TEST(Cells, ShareABucketOfSeveral) {
  GivenCapture given;
  given.ending.end_ns = kStart + 1024;
  given.cpu(0).ran(7).at(768_ns).sleeps_for(0);
  const Lanes lanes = lanes_of(given);
  std::string cells;
  append_cells(cells, lanes.threads()[0], 10, 0, 1);
  const auto shares = decode(cells);
  ASSERT_EQ(shares.size(), 1u);
  EXPECT_THAT(shares[0].at(kRunning), 191);
  EXPECT_THAT(shares[0].at(kFirstWait + static_cast<int>(WaitReason::unknown)), 64);
}

TEST(Cells, OfAnyLevelAgreeWithTheLane) {
  const uint64_t seed = ::test::seed();
  std::mt19937_64 random(seed);
  GivenCapture given;
  int64_t now = 0;
  for (int i = 0; i < 20'000; i++) {
    now += 1 + static_cast<int64_t>(random() % (random() % 50 == 0 ? 2'000'000 : 2'000));
    given.cpu(0).at(now).switch_to(static_cast<int32_t>(random() % 3),
                                   random() % 2 == 0 ? kPreempted : kSleeping);
  }
  given.ending.end_ns = kStart + now;
  const Lanes lanes = lanes_of(given);
  ASSERT_FALSE(lanes.threads().empty());
  for (const Lane& lane : lanes.threads()) {
    for (const int level : {6, 10, 14, 20, 24, 40}) {
      const uint64_t all = (static_cast<uint64_t>(now) >> level) + 2;
      const uint64_t first = random() % all;
      const uint64_t count = std::min<uint64_t>(all - first, 3000);
      std::string cells;
      append_cells(cells, lane, level, first, count);
      const auto shares = decode(cells);
      ASSERT_EQ(shares.size(), count) << "level " << level;
      for (uint64_t i = 0; i < count; i++) {
        const auto from_ns = static_cast<int64_t>((first + i) << level);
        const ClassTimes times = lane.times_in(from_ns, from_ns + (int64_t{1} << level));
        for (int what = 0; what < kLaneClasses; what++) {
          const double share = 255.0 * static_cast<double>(times[static_cast<size_t>(what)]) /
                               static_cast<double>(int64_t{1} << level);
          const auto found = shares[i].find(what);
          EXPECT_EQ(found != shares[i].end(), share > 0)
              << "level " << level << " bucket " << first + i << " seed " << seed;
          if (found != shares[i].end()) {
            EXPECT_NEAR(found->second, share, 1.0);
          }
        }
      }
    }
  }
}

TEST(Cells, AfterTheEndAreNothing) {
  const Lane empty;
  std::string cells;
  append_cells(cells, empty, 10, 5, 300);
  EXPECT_EQ(cells, std::string("\xff\xac\x02"));
}

}  // namespace thaw::test
