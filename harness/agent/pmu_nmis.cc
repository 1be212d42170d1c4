// perf_event_open(2) without a ring: an overflow finds nowhere to write, but it interrupts all the
// same. A fixed rate (attr.freq), so that a CPU that sleeps is not interrupted and one that works
// is.

#include "harness/agent/pmu_nmis.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace lab {

PmuNmis::PmuNmis(double rate_hz, uint32_t cpus) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = PERF_COUNT_HW_CPU_CYCLES;
  attributes.freq = 1;
  attributes.sample_freq = static_cast<uint64_t>(std::max(rate_hz, 1.0));
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    const long counter = ::syscall(SYS_perf_event_open, &attributes, -1, static_cast<int>(cpu), -1,
                                   PERF_FLAG_FD_CLOEXEC);
    if (counter >= 0) counters_.emplace_back(static_cast<int>(counter));
  }
}

}  // namespace lab
