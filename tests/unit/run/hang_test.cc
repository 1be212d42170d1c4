#include "harness/run/hang.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace test {
namespace {

using testing::HasSubstr;

constexpr int64_t kS = 1'000'000'000;

lab::StackFrame frame(uint64_t address, std::string function, std::string context = "irq") {
  return {.address = address, .sp = address, .function = std::move(function), .context = context};
}

/// A CPU in a loop: what it calls differs from look to look, the rest does not.
lab::CpuStack stuck(uint32_t cpu, int look) {
  return {.cpu = cpu,
          .interrupts_on = false,
          .frames = {frame(1000 + static_cast<uint64_t>(look), "hrtimer_try_to_cancel"),
                     frame(20, "hrtimer_cancel"), frame(30, "cpu_clock_event_stop"),
                     frame(40, "perf_swevent_hrtimer"), frame(50, "asm_sysvec_apic_timer")}};
}

/// Looks every four seconds.
std::vector<lab::Look> looks(size_t count, void (*spoil)(lab::CpuStack&, int) = nullptr) {
  std::vector<lab::Look> all;
  for (size_t i = 0; i < count; i++) {
    lab::Look look{.why = "silence", .stopped = {static_cast<int64_t>(i) * 4 * kS, 0}};
    for (uint32_t cpu = 0; cpu < 2; cpu++) look.cpus.push_back(stuck(cpu, static_cast<int>(i)));
    if (spoil) spoil(look.cpus[1], static_cast<int>(i));
    all.push_back(std::move(look));
  }
  return all;
}

TEST(Hang, IsProvenByCpusThatGetNowhere) {
  EXPECT_THAT(lab::proves_hang(looks(4)), HasSubstr("CPU 0 in hrtimer_cancel, CPU 1 in"));
}

TEST(Hang, TakesItsTime) {
  EXPECT_EQ(lab::proves_hang(looks(3)), "");
  EXPECT_EQ(lab::proves_hang({}), "");
  auto quick = looks(8);
  for (lab::Look& look : quick) look.stopped.start_ns /= 10;
  EXPECT_EQ(lab::proves_hang(quick), "");
}

TEST(Hang, LetsTheKernelsOwnWatchdogSpeakFirst) {
  const auto takes_interrupts = [](lab::CpuStack& cpu, int) { cpu.interrupts_on = true; };
  EXPECT_EQ(lab::proves_hang(looks(7, takes_interrupts)), "") << "24 s";
  EXPECT_NE(lab::proves_hang(looks(8, takes_interrupts)), "") << "28 s";
}

TEST(Hang, TakesLongerInASlowGuest) {
  EXPECT_EQ(lab::proves_hang(looks(4), 2), "");
  EXPECT_NE(lab::proves_hang(looks(7), 2), "") << "24 s of 12";
  EXPECT_EQ(lab::slowness(2000), 1) << "a quick guest shortens nothing";
  EXPECT_EQ(lab::slowness(7000), 2);
  EXPECT_EQ(lab::slowness(1e9), 10);
}

TEST(Hang, IsNotACpuThatRunsAProgram) {
  EXPECT_EQ(lab::proves_hang(looks(4, [](lab::CpuStack& cpu, int) { cpu.is_user = true; })), "");
}

TEST(Hang, IsNotACpuWhoseCallsChange) {
  const auto moving = [](lab::CpuStack& cpu, int look) {
    cpu.frames[3].address += static_cast<uint64_t>(look);
  };
  EXPECT_EQ(lab::proves_hang(looks(4, moving)), "");
}

TEST(Hang, IsNotAStormOfNmis) {
  const auto nmi = [](lab::CpuStack& cpu, int) { cpu.frames[0].context = "nmi"; };
  EXPECT_EQ(lab::proves_hang(looks(5, nmi)), "");
}

TEST(Hang, NeedsInterruptsToBeOffSomewhere) {
  auto on = looks(8);
  for (lab::Look& look : on)
    for (lab::CpuStack& cpu : look.cpus) cpu.interrupts_on = true;
  EXPECT_EQ(lab::proves_hang(on), "");
}

TEST(Hang, IsNotACpuThatNobodyCouldUnwind) {
  EXPECT_EQ(lab::proves_hang(looks(4, [](lab::CpuStack& cpu, int) { cpu.frames.resize(1); })), "");
}

}  // namespace
}  // namespace test
