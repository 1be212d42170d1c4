// Console lines as kernels from 5.10 to 7.3 print them, and what the classifier calls them.

#include "harness/verdict/console.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lab::test {

constexpr const char* kGoodEnd = "[   14.204711] reboot: Power down\n";

/// The findings of one line in an otherwise quiet boot that ends well.
std::vector<Finding> findings_of(std::string line, bool injecting = false) {
  return classify_console(
      "[    0.000000] Linux version 6.12.48 (debian-kernel@lists)\r\n" + line + "\n" + kGoodEnd,
      injecting);
}

struct Sample {
  const char* line;
  const char* type;
  const char* severity;
  const char* title;
};

class KnownLines : public testing::TestWithParam<Sample> {};

TEST_P(KnownLines, AreNamed) {
  const Sample& sample = GetParam();
  const auto findings = findings_of(sample.line);
  ASSERT_EQ(findings.size(), 1u) << sample.line;
  EXPECT_EQ(findings[0].type, sample.type);
  EXPECT_EQ(findings[0].severity, sample.severity);
  EXPECT_EQ(findings[0].title, sample.title);
  EXPECT_EQ(findings[0].line, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Console, KnownLines,
    testing::Values(
        Sample{"[   40.1] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [switchstorm:142]",
               "soft_lockup", "lockup", "soft lockup"},
        Sample{"[   21.9] NMI watchdog: Watchdog detected hard LOCKUP on cpu 0", "hard_lockup",
               "lockup", "hard lockup"},
        Sample{"[   21.9] watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3", "hard_lockup",
               "lockup", "hard lockup"},
        Sample{"[   32.0] rcu: INFO: rcu_preempt self-detected stall on CPU", "rcu_stall", "lockup",
               "RCU stall"},
        Sample{"[   32.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "rcu_stall",
               "lockup", "RCU stall"},
        Sample{
            "[   33.1] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... }",
            "rcu_stall", "lockup", "RCU stall"},
        Sample{"[   32.0] rcu: rcu_preempt kthread starved for 5250 jiffies! g1101 f0x0 RCU_GP",
               "rcu_starved", "lockup", "RCU kthread starved"},
        Sample{"[  242.6] INFO: task kworker/0:1:9 blocked for more than 120 seconds.", "hung_task",
               "lockup", "task hung"},
        Sample{
            "[   61.0] BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 31s",
            "workqueue_lockup", "lockup", "workqueue lockup"},
        Sample{
            "[   12.0] smp: csd: Detected non-responsive CSD lock (#1) on CPU#1, waiting 5000 ns",
            "csd_lock", "lockup", "CSD lock unresponsive"},
        Sample{"[   11.2] BUG: unable to handle page fault for address: ffffb2c0001f5ff8", "oops",
               "crash", "unable to handle page fault"},
        Sample{"[   11.2] BUG: kernel NULL pointer dereference, address: 0000000000000008", "oops",
               "crash", "NULL pointer dereference"},
        Sample{
            "[   11.2] general protection fault, probably for non-canonical address 0xdead: 0000",
            "oops", "crash", "general protection fault"},
        Sample{"[    8.8] Oops: 0002 [#1] PREEMPT SMP NOPTI", "oops", "crash", "oops"},
        Sample{"[    8.8] kernel BUG at kernel/sched/core.c:3214!", "bug", "crash",
               "kernel BUG in kernel/sched/core.c"},
        Sample{"[    1.0] PANIC: double fault, error_code: 0x0", "oops", "crash", "double fault"},
        Sample{"[    9.1] Kernel panic - not syncing: Fatal exception in interrupt", "panic",
               "crash", "kernel panic: Fatal exception in interrupt"},
        Sample{"[    9.1] BUG: scheduling while atomic: agent/1/0x00000002", "atomic", "crash",
               "scheduling while atomic"},
        Sample{"[    9.9] WARNING: CPU: 0 PID: 77 at kernel/bpf/rqspinlock.c:210 f+0x1/0x2",
               "warning", "warning", "WARNING in f"},
        Sample{"[    9.9] WARNING: kernel/smp.c:807 at smp_call+0x1f, CPU#1: thaw/77", "warning",
               "warning", "WARNING in smp_call"},
        Sample{"[    6.5] INFO: NMI handler (perf_event_nmi_handler) took too long to run: 250.424 "
               "msecs",
               "nmi_too_long", "warning", "NMI handler took too long: perf_event_nmi_handler"},
        Sample{"[    6.6] perf: interrupt took too long (3134 > 2500), lowering "
               "kernel.perf_event_max_sample_rate to 63000",
               "perf_too_long", "warning", "perf interrupt took too long"},
        Sample{"[    7.0] hrtimer: interrupt took 501441082 ns", "hrtimer_too_long", "warning",
               "timer interrupt took too long"},
        Sample{"[    7.0] workqueue: vmstat_shepherd hogged CPU for >10000us 4 times, consider "
               "switching to WQ_UNBOUND",
               "workqueue_hog", "warning", "work item hogged a CPU: vmstat_shepherd"},
        Sample{"[    7.7] sched: RT throttling activated", "rt_throttling", "warning",
               "real-time tasks were throttled"},
        Sample{"[   10.5] CPU 1: AA or ABBA deadlock detected", "rqspinlock_deadlock", "warning",
               "rqspinlock deadlock"}));

TEST(Console, FindsNothingInAQuietBoot) {
  EXPECT_TRUE(findings_of("[    1.5] clocksource: Switched to clocksource tsc").empty());
  EXPECT_TRUE(
      findings_of("[    1.5] NMI watchdog: Perf NMI watchdog permanently disabled").empty());
  EXPECT_TRUE(findings_of("[    1.5] Kernel command line: panic=-1 oops=panic").empty());
}

TEST(Console, ExpectsUnknownNmisWhileTheLabSendsThem) {
  const std::string line = "[    5.0] Uhhuh. NMI received for unknown reason 20 on CPU 1.";
  EXPECT_EQ(findings_of(line, true).at(0).severity, "expected");
  EXPECT_EQ(findings_of(line, false).at(0).severity, "warning");
}

TEST(Console, NamesALineByTheMostSpecialPhrase) {
  const auto findings = findings_of("BUG: soft lockup - CPU#0 stuck for 22s! WARNING: x BUG: y");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].type, "soft_lockup");
}

TEST(Console, CallsASecondBootACrash) {
  const std::string boot = "[    0.000000] Linux version 6.12.48\n";
  const auto findings = classify_console(boot + boot + kGoodEnd, false);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].type, "reboot");
  EXPECT_EQ(findings[0].severity, "crash");
  EXPECT_EQ(findings[0].line, 2);
}

TEST(Console, SaysWhenTheLogHasNoEnd) {
  for (const char* log : {"", "[    0.000000] Linux version 6.12.48\n[    3.0] Run /init\n"}) {
    const auto findings = classify_console(log, false);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].severity, "cut");
  }
}

TEST(Console, ReadsAnyBytes) {
  std::string log(100'000, '\xff');
  log += std::string("\0\x1b[31m\r\r\n", 9) + "BUG: soft lockup";  // and no newline at the end
  const auto findings = classify_console(log, false);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].type, "soft_lockup");
  EXPECT_EQ(findings[0].line, 2);
}

TEST(Console, KeepsTheLogsEndInViewOfAFlood) {
  std::string log;
  for (int i = 0; i < 100'000; ++i)
    log += fmt::format("WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f{}+0x1/0x2\n", i);
  const auto findings = classify_console(log, false);
  EXPECT_LE(findings.size(), 501u);
  EXPECT_EQ(findings.back().severity, "cut");
}

}  // namespace lab::test
