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
  return fuzz::main(argc, argv, {"console", {kLog}, run});
}
