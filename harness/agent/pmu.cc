// Asked by opening one: what the CPU says about itself is not what a hypervisor lets through.

#include "harness/agent/pmu.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "profiler/base/unique_fd.h"

namespace lab {

std::optional<std::string> why_no_pmu() {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_HARDWARE;
  attr.config = PERF_COUNT_HW_CPU_CYCLES;
  attr.sample_period = 1'000'000'000;
  attr.disabled = 1;
  const thaw::UniqueFd event(
      static_cast<int>(::syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (event.is_valid()) return std::nullopt;
  return std::string("there is no PMU: a cycles event cannot be opened (") + std::strerror(errno) +
         ")";
}

}  // namespace lab
