// The largest guests of the plan decide, as any of its runs may meet any other. Cores are a matter
// of truth, memory of survival: vCPUs without a core of their own stall, and the verdict is `infra:
// host too busy`; guests without memory are killed.

#include "harness/plan/jobs.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "profiler/base/files.h"

namespace lab {

namespace {

// QEMU beside the guest's memory: translated code may grow to the 256 MiB that machine/qemu.cc
// allows (tb-size); all else is small beside that.
constexpr uint64_t kQemuMib = 256;
// Left to the host: the lab itself, a capture of a million events, the page cache of kernels.
constexpr uint64_t kHostMib = 512;

uint64_t available_mib() {
  const auto text = thaw::read_file("/proc/meminfo");
  constexpr std::string_view kKey = "MemAvailable:";
  const size_t at = text ? text->find(kKey) : std::string::npos;
  if (at == std::string::npos) return 0;
  const size_t digit = text->find_first_not_of(' ', at + kKey.size());
  uint64_t kib = 0;
  std::from_chars(text->data() + digit, text->data() + text->size(), kib);
  return kib >> 10;
}

int fit_memory(const HostRoom& room, uint64_t guest_mib) {
  if (room.memory_mib == 0) return 1;
  const uint64_t free_mib = room.memory_mib - std::min(room.memory_mib, kHostMib);
  return static_cast<int>(std::min<uint64_t>(free_mib / guest_mib, 1000));
}

}  // namespace

HostRoom room_here() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const bool is_known = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0;
  return {
      .memory_mib = available_mib(),
      .cores = is_known ? CPU_COUNT(&allowed) : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN))};
}

Jobs fit_jobs(int asked, const std::vector<PlannedRun>& plan, const HostRoom& room) {
  uint64_t guest_mib = 0;
  int cpus = 1;
  for (const PlannedRun& run : plan) {
    guest_mib = std::max(guest_mib, static_cast<uint64_t>(run.test.machine.memory_mib) + kQemuMib);
    // The CPUs of a deterministic guest take turns in one thread.
    cpus = std::max(cpus, run.test.machine.is_deterministic ? 1 : run.test.machine.cpus);
  }
  if (guest_mib == 0) return {};
  const int by_memory = std::max(1, fit_memory(room, guest_mib));
  const int by_cores = std::max(1, room.cores / cpus);
  if (asked == 0) return {.count = std::min(by_memory, by_cores)};
  if (asked > by_memory)
    return {by_memory, fmt::format("--jobs {}: {} guests of {} MiB do not fit into the {} MiB that "
                                   "are free; running {} at once",
                                   asked, asked, guest_mib, room.memory_mib, by_memory)};
  if (asked > by_cores)
    return {asked,
            fmt::format("--jobs {}: {} vCPUs on {} core{} disturb each other; expect `infra: "
                        "host too busy`, --jobs auto avoids it",
                        asked, asked * cpus, room.cores, room.cores == 1 ? "" : "s")};
  return {.count = asked};
}

}  // namespace lab
