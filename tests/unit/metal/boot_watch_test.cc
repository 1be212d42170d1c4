// What is decided from each look at a machine that boots, or does not.

#include "harness/metal/boot_watch.h"

#include <gtest/gtest.h>

namespace test {
namespace {

using lab::BootState;
using lab::BootWatch;
using lab::Recovery;
using lab::RecoveryStep;
using lab::Sight;

constexpr const char* kOwn = "6.1.0-56-cloud-amd64";
constexpr const char* kWanted = "6.17.8+deb13-cloud-amd64";

BootWatch a_boot() {
  return BootWatch({.boot_before = "first", .release = kWanted, .timeout_s = 100});
}

TEST(BootWatch, AnAnswerOfTheKernelThatGoesDownIsNone) {
  BootWatch watch = a_boot();
  EXPECT_EQ(watch.see({.at_s = 1, .boot_id = "first", .release = kOwn}), BootState::waiting);
  EXPECT_EQ(watch.see({.at_s = 5}), BootState::waiting);
  EXPECT_EQ(watch.see({.at_s = 20, .boot_id = "second", .release = kWanted}), BootState::up);
}

TEST(BootWatch, TheSameReleaseInTheBootBeforeIsNotUp) {
  BootWatch watch({.boot_before = "first", .release = kOwn, .timeout_s = 100});
  EXPECT_EQ(watch.see({.at_s = 1, .boot_id = "first", .release = kOwn}), BootState::waiting);
  EXPECT_EQ(watch.see({.at_s = 30, .boot_id = "second", .release = kOwn}), BootState::up);
}

TEST(BootWatch, AnotherKernelMeansThatTheWantedOneGaveUp) {
  BootWatch watch = a_boot();
  EXPECT_EQ(watch.see({.at_s = 60, .boot_id = "second", .release = kOwn}), BootState::other_kernel);
}

TEST(BootWatch, NobodyInTimeIsSilence) {
  BootWatch watch = a_boot();
  EXPECT_EQ(watch.see({.at_s = 1, .boot_id = "first", .release = kOwn}), BootState::waiting);
  EXPECT_EQ(watch.see({.at_s = 99}), BootState::waiting);
  // The last answer was of the boot before, and nobody has said since that it is gone.
  EXPECT_EQ(watch.see({.at_s = 100}), BootState::silent);
}

TEST(BootWatch, AMachineThatStaysWhereItWasIsSaidToHaveStayed) {
  BootWatch watch = a_boot();
  EXPECT_EQ(watch.see({.at_s = 101, .boot_id = "first", .release = kOwn}), BootState::never_left);
}

TEST(BootWatch, APanicOnTheConsoleEndsTheWait) {
  BootWatch watch = a_boot();
  EXPECT_EQ(watch.see({.at_s = 7, .has_panicked = true}), BootState::panicked);
  // Also one that has come back by then: an answer says more.
  EXPECT_EQ(watch.see({.at_s = 40, .boot_id = "second", .release = kOwn, .has_panicked = true}),
            BootState::other_kernel);
}

Recovery a_recovery(bool has_power_switch) {
  return Recovery({.boot_lost = "lost",
                   .boot_before = "own",
                   .has_power_switch = has_power_switch,
                   .timeout_s = 100});
}

TEST(Recovery, AMachineThatWasOnlySlowGoesOn) {
  Recovery recovery = a_recovery(true);
  EXPECT_EQ(recovery.see({.at_s = 1}), RecoveryStep::wait);
  EXPECT_EQ(recovery.see({.at_s = 20, .boot_id = "lost"}), RecoveryStep::went_on);
  EXPECT_EQ(recovery.power_cycles(), 0);
}

TEST(Recovery, AHangIsResetSoonAndThenGivenItsBoot) {
  Recovery recovery = a_recovery(true);
  EXPECT_EQ(recovery.see({.at_s = 29}), RecoveryStep::wait);
  EXPECT_EQ(recovery.see({.at_s = 31}), RecoveryStep::power_cycle);
  EXPECT_EQ(recovery.see({.at_s = 130}), RecoveryStep::wait);
  EXPECT_EQ(recovery.see({.at_s = 130.5, .boot_id = "next"}), RecoveryStep::recovered);
  EXPECT_EQ(recovery.power_cycles(), 1);
}

TEST(Recovery, APanicIsLeftTheTimeToRestartByItself) {
  Recovery recovery = a_recovery(true);
  EXPECT_EQ(recovery.see({.at_s = 60, .has_panicked = true}), RecoveryStep::wait);
  EXPECT_EQ(recovery.see({.at_s = 80, .boot_id = "next", .has_panicked = true}),
            RecoveryStep::recovered);
  EXPECT_EQ(recovery.power_cycles(), 0);
}

TEST(Recovery, APanicThatDoesNotRestartIsResetToo) {
  Recovery recovery = a_recovery(true);
  EXPECT_EQ(recovery.see({.at_s = 101, .has_panicked = true}), RecoveryStep::power_cycle);
}

TEST(Recovery, ASwitchThatDoesNothingIsTriedThreeTimes) {
  Recovery recovery = a_recovery(true);
  EXPECT_EQ(recovery.see({.at_s = 31}), RecoveryStep::power_cycle);
  EXPECT_EQ(recovery.see({.at_s = 132}), RecoveryStep::power_cycle);
  EXPECT_EQ(recovery.see({.at_s = 233}), RecoveryStep::power_cycle);
  EXPECT_EQ(recovery.see({.at_s = 334}), RecoveryStep::given_up);
}

TEST(Recovery, WithoutASwitchItIsWaitedForAndGivenUp) {
  Recovery recovery = a_recovery(false);
  EXPECT_EQ(recovery.see({.at_s = 99}), RecoveryStep::wait);
  EXPECT_EQ(recovery.see({.at_s = 100}), RecoveryStep::given_up);
}

TEST(Recovery, AnAnswerAfterTheResetOfTheOldBootIsNotYetRecovery) {
  Recovery recovery = a_recovery(true);
  EXPECT_EQ(recovery.see({.at_s = 31}), RecoveryStep::power_cycle);
  EXPECT_EQ(recovery.see({.at_s = 32, .boot_id = "lost"}), RecoveryStep::wait);
  EXPECT_EQ(recovery.see({.at_s = 33, .boot_id = "own"}), RecoveryStep::wait);
}

}  // namespace
}  // namespace test
