// What is not one event: reports that tear each other, repeats, consequences, other names of the
// same bug, and what only sounds like one.

#include <gmock/gmock.h>

#include "tests/support/console_excerpt.h"

namespace lab::test {

TEST(ConsoleEvents, KeepsTwoCpusApartByTheirCallers) {
  const ConsoleLog log = read_console_log(
      "[   60.0][    C1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n"
      "[   60.0][    C2] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [b:78]\n"
      "[   60.0][    C1] RIP: 0010:one+0x10/0x40\n"
      "[   60.0][    C2] RIP: 0010:two+0x10/0x40\n"
      "[   60.0][    C1]  __x64_sys_first+0x10/0x40\n"
      "[   60.0][    C2]  __x64_sys_second+0x10/0x40\n"
      "[   60.0][    C1]  do_syscall_64+0x10/0x40\n"
      "[   60.0][    C2]  do_syscall_64+0x10/0x40\n");
  EXPECT_EQ(titles_of(log), "soft lockup in sys_first\nsoft lockup in sys_second\n");
}

TEST(ConsoleEvents, MarksAReportThatAnotherOneTore) {
  const ConsoleLog log = read_console_log(
      "[   60.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n"
      "[   60.0] watchdog: BUG: soft lockup - CPU#2 stuck for 26s! [b:78]\n"
      "[   60.0] RIP: 0010:one+0x10/0x40\n");
  ASSERT_EQ(log.events.size(), 2u);
  EXPECT_TRUE(log.events[0].is_corrupted);
  EXPECT_FALSE(log.events[1].is_corrupted);
}

TEST(ConsoleEvents, CountsRepeatsOfAStuckCpuOnce) {
  const ConsoleLog log = read_console_log(
      "[   60.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n"
      "[   60.0] RIP: 0010:one+0x10/0x40\n"
      "[   90.0] watchdog: BUG: soft lockup - CPU#1 stuck for 56s! [a:77]\n"
      "[   90.0] RIP: 0010:two+0x10/0x40\n");
  ASSERT_EQ(log.events.size(), 1u);
  EXPECT_EQ(log.events[0].finding.title, "soft lockup in one");
  EXPECT_EQ(log.events[0].count, 2);
  EXPECT_EQ(log.events[0].duration_ms, 56'000);
  EXPECT_EQ(log.events[0].cpu, 1);
}

TEST(ConsoleEvents, IgnoresWhatFollowsAPanic) {
  const ConsoleLog log = read_console_log(
      "[   60.0] Kernel panic - not syncing: sysrq triggered crash\n"
      "[   60.0] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---\n"
      "[   60.0] WARNING: CPU: 1 PID: 77 at kernel/smp.c:123 smp_call_function+0x2c/0x80\n"
      "[   99.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:77]\n");
  EXPECT_EQ(titles_of(log), "kernel panic: sysrq triggered crash\n");
}

TEST(ConsoleEvents, TakesADyingTasksComplaintsForThatDeath) {
  const ConsoleLog log = read_console_log(
      "[   30.0] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
      "[   30.0] Oops: 0000 [#1] SMP PTI\n"
      "[   30.0] RIP: 0010:foo_read+0x2c/0x80\n"
      "[   30.0] ---[ end trace 0000000000000000 ]---\n"
      "[   30.0] note: repro[77] exited with preempt_count 1\n"
      "[   30.0] BUG: sleeping function called from invalid context at include/linux/x.h:49\n"
      "[   30.0] Call Trace:\n"
      "[   30.0]  exit_signals+0x2c/0x80\n");
  EXPECT_EQ(titles_of(log), "NULL pointer dereference in foo_read\n");
}

TEST(ConsoleEvents, GivesOtherNamesOfTheSameBug) {
  const ConsoleLog log = read_console_log(
      "[   81.1] general protection fault, probably for non-canonical address 0xdff: 0000 [#1]\n"
      "[   81.1] KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]\n"
      "[   81.1] RIP: 0010:foo_poll+0x2a/0x90\n");
  ASSERT_EQ(log.events.size(), 1u);
  EXPECT_THAT(log.events[0].alternatives,
              testing::UnorderedElementsAre("NULL pointer dereference in foo_poll",
                                            "bad access in foo_poll"));
}

TEST(ConsoleEvents, FindsNothingInWhatOnlySoundsAlike) {
  const char* const kHarmless[] = {
      "traps: repro[77] general protection fault ip:401136 sp:7ffd error:0 in repro[401000+1000]",
      "traps: repro[77] trap invalid opcode ip:401136 sp:7ffd error:0 in repro[401000+1000]",
      "repro[77]: segfault at 8 ip 00000000004027ad sp 00007fff error 6 in repro[401000+a3000]",
      "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible!",
      "Kernel command line: console=ttyS0 oops=panic softlockup_panic=1 BUG: soft lockup",
      "[Firmware Bug]: TSC_DEADLINE disabled due to Errata",
      "ACPI BIOS Error (bug): Could not resolve symbol",
      "INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 13.252 msecs",
      "sysrq: Show Blocked State",
      "NMI backtrace for cpu 0 skipped: idling at native_safe_halt+0xe/0x10",
      "rcu: Preemptible hierarchical RCU implementation.",
      "NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
      "**  This means that this kernel is built for debugging WARNING: do not use",
      "workqueue: round-robin CPU selection forced, expect performance impact",
      "CPU 1: Thermal monitoring enabled (TM1)",
      "lockdep: Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar",
  };
  for (const char* line : kHarmless)
    EXPECT_EQ(titles_of(read_console_log("[    1.000000] " + std::string(line) + "\n")), "")
        << line;
}

TEST(ConsoleEvents, CountsBootsAndAsksWhetherTheLastOneEnded) {
  const std::string boot = "[    0.000000] Linux version 6.12.48\n[    3.000000] Run /init\n";
  const ConsoleLog orderly =
      read_console_log(boot + "[    4.0] reboot: Restarting system\n" + boot);
  EXPECT_EQ(titles_of(orderly), "");
  EXPECT_EQ(orderly.boots, 2);
  EXPECT_FALSE(orderly.has_ended);

  const ConsoleLog panicked =
      read_console_log(boot + "[    4.0] Kernel panic - not syncing: x\n" + boot);
  EXPECT_EQ(titles_of(panicked), "kernel panic: x\n");

  const ConsoleLog quiet = read_console_log(
      "SeaBIOS (version 1.16)\n[    3.0] Run /init\nSeaBIOS (version 1.16)\n[    3.0] Run /init\n");
  EXPECT_EQ(titles_of(quiet), "the guest restarted by itself\n");
}

TEST(ConsoleEvents, KnowsALogThatAConsoleTellsTwice) {
  const std::string start = "[    0.000000] Linux version 6.12.48\n[    1.500000] something\n";
  EXPECT_EQ(titles_of(read_console_log(
                start + "[    1.600000] printk: legacy console [ttyS0] enabled\n" + start)),
            "");
}

}  // namespace lab::test
