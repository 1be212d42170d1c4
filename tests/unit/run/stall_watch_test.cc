#include "harness/run/stall_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/stop_clock.h"

namespace test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kMs = 1'000'000;

/// Two CPUs; the first beats every time it is asked, the second has stopped.
class StallWatchTest : public testing::Test {
 protected:
  std::vector<uint32_t> at(int64_t ms, int64_t second = 5) {
    const int64_t slots[] = {ms * kMs + 1, second};
    return watch_.feed(ms * kMs, slots, [this] {
      asked_++;
      return std::vector<int64_t>{0, took_ns_};
    });
  }
  lab::StallWatch watch_;
  int64_t took_ns_ = 0;
  int asked_ = 0;
};

TEST_F(StallWatchTest, NamesTheCpuThatHasStopped) {
  EXPECT_THAT(at(0), IsEmpty());
  EXPECT_THAT(at(20), IsEmpty());
  EXPECT_THAT(at(39), IsEmpty());
  EXPECT_THAT(at(41), ElementsAre(1u));
  EXPECT_THAT(at(45, 6), IsEmpty()) << "it beats again";
}

TEST_F(StallWatchTest, SubtractsWhatTheHostTook) {
  at(0);
  at(20);
  took_ns_ = 30 * kMs;
  EXPECT_THAT(at(60), IsEmpty());
  EXPECT_THAT(at(71), ElementsAre(1u));
}

TEST_F(StallWatchTest, AsksAboutTheHostOnlyWhenACpuIsSuspicious) {
  for (int64_t ms = 0; ms < 100; ms += 4) at(ms, ms + 1);
  EXPECT_EQ(asked_, 0);
}

TEST_F(StallWatchTest, ACpuThatIsNotToBeatIsNotSilent) {
  at(0, 0);
  EXPECT_THAT(at(500, 0), IsEmpty());
}

TEST_F(StallWatchTest, AStopOfTheLabIsNoSilence) {
  at(0);
  at(20);
  watch_.skip(25 * kMs);
  EXPECT_THAT(at(60), IsEmpty());
  EXPECT_THAT(at(66), ElementsAre(1u));
}

TEST(StopClock, TakesStopsOutOfTheHostsTime) {
  const lab::StopClock clock({{100, 110}, {200, 205}});
  EXPECT_EQ(clock.running_ns(0), 0) << "what has not happened";
  EXPECT_EQ(clock.running_ns(100), 100);
  EXPECT_EQ(clock.running_ns(104), 100) << "inside a stop";
  EXPECT_EQ(clock.running_ns(150), 140);
  EXPECT_EQ(clock.running({150, 300}).end_ns, 285);
}

}  // namespace
}  // namespace test
