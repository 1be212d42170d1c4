// Fuzzes the console classifier: any bytes, and findings that point into the log.

#include "harness/verdict/console.h"

#include <algorithm>

#include "profiler/base/errors.h"
#include "tests/fuzz/fuzz.h"

namespace {

constexpr const char* kLog =
    "[    0.000000] Linux version 6.12.48 (debian-kernel@lists)\r\n"
    "[    5.0] Uhhuh. NMI received for unknown reason 20 on CPU 1.\n"
    "[   21.9] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [switchstorm:142]\n"
    "[   32.0] rcu: INFO: rcu_preempt self-detected stall on CPU\n"
    "[  242.6] INFO: task kworker/0:1:9 blocked for more than 120 seconds.\n"
    "[    6.5] INFO: NMI handler (perf_event_nmi_handler) took too long to run: 250.424 msecs\n"
    "[   11.2] BUG: unable to handle page fault for address: ffffb2c0001f5ff8\n"
    "[    8.8] Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
    "[    9.1] Kernel panic - not syncing: Fatal exception in interrupt\n"
    "[   14.204711] reboot: Power down\n";

// What the stages behind the table read: stacks, callers, prefixes, other contexts' lines.
constexpr const char* kReports =
    "SeaBIOS (version 1.16.3)\r\n"
    "> Nov 27 03:40:00 host kernel: [   60.0][   C1] rcu: INFO: rcu_preempt self-detected stall\n"
    "[   60.0][   C0] rcu: \t1-....: (726 ticks this GP) idle=127c softirq=188/188 fqs=340\n"
    "[   60.0][   C0] rcu: \t(t=750 jiffies g=783 q=27 ncpus=2)\n"
    "[   60.0][   C1] NMI backtrace for cpu 1\n"
    "4,1236,30000020,-,caller=C1;RIP: 0010:bpf_prog_1bc87f5cd68a9b3d_spin+0xb8/0xd1\n"
    "<4>[   60.0][   C1]  ? f.isra.0+0x1/0x2 [mod]\n"
    "[c000002fc621f1e0] [c00000000007c6f0] g+0x10c/0x118 (unreliable)\n"
    "[<c001a154>] (show_stack+0x0/0x1c) from [<c0190574>] (dump_stack+0x24/0x28)\n"
    "[   61.0] BUG: KASAN: slab-use-after-free in f+0x1/0x2 drivers/foo/core.c:120\n"
    "[   61.0]  __dump_stack lib/dump_stack.c:88 [inline]\n"
    "[   61.0] WARNING: drivers/foo/core.c:123 at f+0x2c/0x80 [foo], CPU#1: repro/77\n"
    "[   61.0] BUG: kmalloc-64 (Tainted: G B): Poison overwritten 0xdeadbeef 12\n"
    "[Thu Mar 25 00:50:20 2021] Internal error: Oops - BUG: 0 [#1] SMP[   61.000000] cut\n"
    "[   62.0] Kernel panic - not syncing: panic_on_warn set ...\n";

void run(std::string_view input) {
  const auto lines = std::ranges::count(input, '\n') + 1;
  for (const bool injecting : {false, true}) {
    const auto findings = lab::classify_console(input, injecting);
    CHECK(findings.size() <= 501);
    for (const lab::Finding& finding : findings)
      CHECK(finding.line >= 0 && finding.line <= lines, "line {} of {}", finding.line, lines);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return fuzz::main(argc, argv, {"console", {kLog, kReports}, run});
}
