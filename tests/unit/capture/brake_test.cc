// brake.h: what is shed when the recording costs too much, and when it comes back.

#include "profiler/capture/brake.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

constexpr Shedding kAllStacks{.waker_stacks = true, .user_stacks = true, .switch_stacks = true};

/// A recording whose windows cost what a test says, in percent of two CPUs.
class Braking : public testing::Test {
 protected:
  bool window(double switches_percent, double samples_percent = 0, double process_percent = 0) {
    cost_.time_ns += Brake::kWindowNs;
    const auto of = [](double percent) {
      return static_cast<uint64_t>(percent / 100 * 2 * Brake::kWindowNs);
    };
    cost_.switch_ns += of(switches_percent);
    cost_.sample_ns += of(samples_percent);
    cost_.process_ns += of(process_percent);
    return brake_.look(cost_);
  }
  void SetUp() override { brake_.look(cost_); }

  CostSoFar cost_{.time_ns = 1'000'000'000, .process_ns = 77, .switch_ns = 88, .sample_ns = 99};
  Brake brake_{5, 2};
};

TEST_F(Braking, ShedsNothingBelowTheBound) {
  for (int i = 0; i < 50; i++) EXPECT_FALSE(window(2, 1, 1.9));
  EXPECT_EQ(brake_.shedding(), Shedding{});
  EXPECT_NEAR(brake_.percent(), 4.9, 0.01);
}

TEST_F(Braking, LetsOneDearWindowPass) {
  EXPECT_FALSE(window(50, 1, 30));
  EXPECT_FALSE(window(4));
  EXPECT_FALSE(window(50, 1, 30));
  EXPECT_TRUE(window(50, 1, 30));
}

TEST_F(Braking, ShedsStacksOfWakersThenOfSwitchesThenSamples) {
  window(3, 3, 1);
  EXPECT_TRUE(window(3, 3, 1));
  EXPECT_EQ(brake_.shedding(), (Shedding{.waker_stacks = true}));
  EXPECT_TRUE(window(3, 3, 1));
  EXPECT_EQ(brake_.shedding(), (Shedding{.waker_stacks = true, .user_stacks = true}));
  EXPECT_TRUE(window(3, 3, 1));
  EXPECT_EQ(brake_.shedding(), kAllStacks);
  EXPECT_TRUE(window(3, 3, 1));
  EXPECT_EQ(brake_.shedding().sample_shift, 1u);
  EXPECT_TRUE(window(3, 3, 1));
  EXPECT_EQ(brake_.shedding().sample_shift, 2u);
}

TEST_F(Braking, KeepsSamplesThatCostNothing) {
  for (int i = 0; i < 20; i++) window(30, 2.4, 3);
  EXPECT_EQ(brake_.shedding(), kAllStacks);
}

TEST_F(Braking, NeverTakesLessThanOneSampleOf64) {
  for (int i = 0; i < 40; i++) window(1, 30);
  EXPECT_EQ(brake_.shedding().sample_shift, 6u);
}

TEST_F(Braking, TakesEverythingAgainWhenItHasBeenCheapForLong) {
  for (int i = 0; i < 6; i++) window(4, 3);
  for (int i = 0; i < 3; i++) EXPECT_FALSE(window(1));
  EXPECT_TRUE(window(1));
  EXPECT_EQ(brake_.shedding().sample_shift, 1u);
  for (int i = 0; i < 30; i++) window(1);
  EXPECT_EQ(brake_.shedding(), Shedding{});
}

TEST_F(Braking, StaysWhereItIsBetweenHalfAndTheBound) {
  window(6);
  window(6);
  for (int i = 0; i < 50; i++) EXPECT_FALSE(window(3));
  EXPECT_TRUE(brake_.shedding().waker_stacks);
}

TEST_F(Braking, WaitsForAWholeWindow) {
  cost_.time_ns += Brake::kWindowNs / 2;
  cost_.switch_ns += Brake::kWindowNs;
  EXPECT_FALSE(brake_.look(cost_));
  EXPECT_EQ(brake_.percent(), 0);
  cost_.time_ns += Brake::kWindowNs / 2;
  brake_.look(cost_);
  EXPECT_GT(brake_.percent(), 0);
}

TEST_F(Braking, IsOffAtAHundredPercent) {
  brake_ = Brake(100, 2);
  brake_.look(cost_);
  EXPECT_FALSE(window(300, 300, 90));
}

}  // namespace
}  // namespace thaw
