// tally_of: what the CPUs counted, by the names and contexts of the capture file.

#include "profiler/capture/counters.h"

#include <gtest/gtest.h>

#include <vector>

namespace thaw {
namespace {

TEST(Tally, SumsEventsAndLossesOverCpusAndLevels) {
  std::vector<cpu_state> cpus(2);
  cpus[0].levels[LEVEL_SCHED].happened[EVENT_SCHED_SWITCH] = 10;
  cpus[1].levels[LEVEL_NESTED].happened[EVENT_SCHED_SWITCH] = 3;
  cpus[0].levels[LEVEL_SCHED].losses[LOSS_ring_full] = 4;
  cpus[1].levels[LEVEL_NMI].losses[LOSS_ring_full] = 5;
  cpus[1].levels[LEVEL_NMI].losses[LOSS_recursion] = 1;
  const Tally tally = tally_of(cpus, false);
  EXPECT_EQ(tally.happened[EVENT_SCHED_SWITCH], 13u);
  EXPECT_EQ(tally.losses, (std::map<std::string, uint64_t>{{"ring_full", 9}, {"recursion", 1}}));
  EXPECT_TRUE(tally.switches.empty());
}

TEST(Tally, KeepsEmitsApartByCpuAndContext) {
  std::vector<cpu_state> cpus(2);
  cpus[1].levels[LEVEL_SCHED].buckets[9] = 2;
  cpus[1].levels[LEVEL_NESTED].buckets[9] = 1;
  cpus[1].levels[LEVEL_NMI].buckets[20] = 7;
  cpus[1].levels[LEVEL_TIMER].max_ns = 99;
  const Tally tally = tally_of(cpus, false);
  ASSERT_EQ(tally.emit.size(), 2u);
  const auto& of = tally.emit[1];
  EXPECT_EQ(of[static_cast<size_t>(EmitContext::task)].buckets[9], 3u);
  EXPECT_EQ(of[static_cast<size_t>(EmitContext::nmi)].buckets[20], 7u);
  EXPECT_EQ(of[static_cast<size_t>(EmitContext::interrupt)].max_ns, 99u);
  EXPECT_EQ(tally.emit[0][0].count(), 0u);
}

TEST(Tally, AWindowIsClosedOnlyWhenItsCpuSwitchedAfterTheStop) {
  std::vector<cpu_state> cpus(3);
  cpus[0].window = WINDOW_ENDED;
  cpus[0].switches_before = 100;
  cpus[0].switches_after = 142;
  cpus[1].window = WINDOW_OPEN;
  cpus[1].switches_before = 100;
  const Tally tally = tally_of(cpus, true);
  EXPECT_EQ(tally.switches[0], (SwitchWindow{42, true}));
  EXPECT_FALSE(tally.switches[1].closed);
  EXPECT_EQ(tally.switches[2], (SwitchWindow{0, true})) << "it never switched: nothing to check";
}

TEST(Tally, CountsRunsInNmi) {
  std::vector<cpu_state> cpus(2);
  cpus[0].levels[LEVEL_NMI].happened[EVENT_SAMPLE] = 6;
  cpus[1].levels[LEVEL_TIMER].happened[EVENT_SAMPLE] = 5;
  EXPECT_EQ(tally_of(cpus, false).nmi_runs, 6u);
}

}  // namespace
}  // namespace thaw
