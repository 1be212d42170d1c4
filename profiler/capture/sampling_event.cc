// What both ways of sampling, by BPF programs and by perf events alone, ask the kernel for.

#include "profiler/capture/sampling_event.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "profiler/base/files.h"
#include "profiler/capture/features.h"

namespace thaw {
namespace {

/// A machine with two kinds of cores has a PMU for each, and a hardware event belongs to one of
/// them: the upper half of its config names it (Linux kernel commit 55bcf6ef314a ("perf: Extend
/// PERF_TYPE_HARDWARE and PERF_TYPE_HW_CACHE") (in v5.13)). 0 where there is but one PMU.
uint64_t pmu_of(uint32_t cpu) {
  for (const char* pmu : {"cpu_core", "cpu_atom"}) {
    const std::string folder = fmt::format("/sys/bus/event_source/devices/{}", pmu);
    const auto cpus = read_file(folder + "/cpus");
    const auto type = read_file(folder + "/type");
    if (!cpus || !type) continue;
    const std::vector<uint32_t> listed = parse_cpu_list(*cpus);
    if (std::ranges::find(listed, cpu) != listed.end())
      return std::strtoull(type->c_str(), nullptr, 10);
  }
  return 0;
}

}  // namespace

perf_event_attr sampling_event(Clock clock, uint32_t hz, uint32_t cpu) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  if (clock == Clock::Cycles) {
    attr.type = PERF_TYPE_HARDWARE;
    attr.config = PERF_COUNT_HW_CPU_CYCLES | pmu_of(cpu) << 32;
    attr.freq = 1;
    attr.sample_freq = hz;
  } else if (clock == Clock::CpuClock) {
    attr.config = PERF_COUNT_SW_CPU_CLOCK;
    attr.sample_period = 1'000'000'000 / hz;  // of cpu-clock: nanoseconds
  }
  return attr;
}

}  // namespace thaw
