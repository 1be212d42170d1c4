// Guests at once: memory is a wall, cores are a warning.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/plan/jobs.h"

namespace lab::test {

using testing::HasSubstr;

std::vector<PlannedRun> plan_of(int cpus, int memory_mib, size_t runs = 8) {
  std::vector<PlannedRun> plan(runs);
  plan.front().test.machine = {.cpus = cpus, .memory_mib = memory_mib};
  return plan;
}

TEST(Jobs, TakesWhatFits) {
  const Jobs jobs = fit_jobs(4, plan_of(2, 1024), {.memory_mib = 16'000, .cores = 8});
  EXPECT_EQ(jobs.count, 4);
  EXPECT_EQ(jobs.warning, "");
}

TEST(Jobs, IsClampedToMemoryAndSaysSo) {
  const Jobs jobs = fit_jobs(8, plan_of(1, 1024), {.memory_mib = 4'500, .cores = 64});
  EXPECT_EQ(jobs.count, 3);  // (4500 - 512) / 1280
  EXPECT_THAT(jobs.warning, HasSubstr("running 3 at once"));
  EXPECT_EQ(fit_jobs(1, plan_of(1, 1024), {.memory_mib = 100, .cores = 1}).count, 1);
}

TEST(Jobs, WarnsOfTooFewCoresAndGoesOn) {
  const Jobs jobs = fit_jobs(2, plan_of(2, 1024), {.memory_mib = 64'000, .cores = 2});
  EXPECT_EQ(jobs.count, 2);
  EXPECT_THAT(jobs.warning, HasSubstr("4 vCPUs on 2 cores"));
}

TEST(Jobs, AutoDisturbsNobody) {
  const HostRoom room{.memory_mib = 64'000, .cores = 8};
  EXPECT_EQ(fit_jobs(0, plan_of(2, 1024), room).count, 4);
  EXPECT_EQ(fit_jobs(0, plan_of(16, 1024), room).count, 1);
  EXPECT_EQ(fit_jobs(0, plan_of(2, 30'000), room).count, 2);
  EXPECT_EQ(fit_jobs(0, {}, room).count, 1);
  EXPECT_EQ(fit_jobs(0, plan_of(2, 1024), {.memory_mib = 0, .cores = 8}).count, 1);
}

TEST(Jobs, CountsOneThreadForADeterministicGuest) {
  std::vector<PlannedRun> plan = plan_of(2, 1024);
  for (PlannedRun& run : plan) run.test.machine.is_deterministic = true;
  EXPECT_EQ(fit_jobs(0, plan, {.memory_mib = 64'000, .cores = 2}).count, 2);
}

TEST(Jobs, KnowsThisHost) {
  const HostRoom room = room_here();
  EXPECT_GT(room.memory_mib, 0u);
  EXPECT_GE(room.cores, 1);
}

}  // namespace lab::test
