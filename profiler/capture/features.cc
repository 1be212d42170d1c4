// Probes of the running kernel, for plan.h and `thaw doctor`. Each probe undoes what it tried;
// nothing is loaded.

#include "profiler/capture/features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace thaw {
namespace {

/// "0-3,8" as numbers.
std::vector<uint32_t> parse_cpu_list(const std::string& list) {
  std::vector<uint32_t> cpus;
  const char* at = list.c_str();
  while (*at >= '0' && *at <= '9') {
    char* end = nullptr;
    const unsigned long first = std::strtoul(at, &end, 10);
    unsigned long last = first;
    if (*end == '-') last = std::strtoul(end + 1, &end, 10);
    for (unsigned long cpu = first; cpu <= last && cpus.size() < 65536; cpu++) {
      cpus.push_back(static_cast<uint32_t>(cpu));
    }
    at = *end == ',' ? end + 1 : end;
  }
  return cpus;
}

Feature probe_event(uint32_t type, uint64_t config, const char* what, const char* otherwise) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = type;
  attr.config = config;
  attr.sample_period = 1'000'000;
  attr.disabled = 1;
  const UniqueFd fd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (fd.is_valid()) return {true, what};
  return {false, fmt::format("{}: {}; {}", what, std::strerror(errno), otherwise)};
}

Feature probe_ring_buffer() {
  const UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "thaw_probe", 0, 0, 4096, nullptr));
  if (fd.is_valid()) return {true, "BPF ring buffers"};
  return {false, fmt::format("no BPF ring buffer: {}; Thaw falls back to perf buffers",
                             std::strerror(errno))};
}

Feature probe_privileges() {
  const UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "thaw_probe", 4, 4, 1, nullptr));
  if (fd.is_valid() && ::geteuid() == 0) return {true, "may load BPF programs"};
  if (fd.is_valid()) return {true, "may load BPF programs without being root"};
  return {false,
          fmt::format(
              "may not load BPF programs: {}; run it with sudo, or grant CAP_BPF and CAP_PERFMON",
              std::strerror(errno))};
}

Feature probe_nmi_tracepoint() {
  for (const char* root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (::access(fmt::format("{}/events/nmi/nmi_handler", root).c_str(), F_OK) == 0) {
      return {true, "tracepoint nmi:nmi_handler"};
    }
  }
  // tracefs may just not be mounted; a kernel with BTF tells through the tracepoint's type.
  if (btf* vmlinux = btf__load_vmlinux_btf(); vmlinux != nullptr) {
    const int id = btf__find_by_name(vmlinux, "btf_trace_nmi_handler");
    btf__free(vmlinux);
    if (id > 0) return {true, "tracepoint nmi:nmi_handler"};
  }
  return {false, "no tracepoint nmi:nmi_handler; --clock nmi cannot be used"};
}

Feature probe_run_queues() {
  std::ifstream symbols("/proc/kallsyms");
  std::string line;
  while (std::getline(symbols, line)) {
    if (line.ends_with(" runqueues")) return {true, "the kernel's own switch counter can be read"};
  }
  return {false,
          "the kernel does not list its run queues (CONFIG_KALLSYMS_ALL); switches cannot be "
          "checked against it"};
}

Feature probe_lab_guest() {
  const auto parameters = read_file("/proc/cmdline");
  if (parameters && parameters->find("thaw.guest=1") != std::string::npos) {
    return {true, "a guest that thawlab booted"};
  }
  return {false, "not a guest of thawlab"};
}

}  // namespace

Features Features::probe() {
  libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  Features features;
  utsname name{};
  ::uname(&name);
  features.kernel = name.release;
  features.machine = name.machine;
  features.possible_cpus = static_cast<uint32_t>(std::max(1, libbpf_num_possible_cpus()));
  features.online_cpus = parse_cpu_list(read_file("/sys/devices/system/cpu/online").value_or("0"));
  features.may_load_bpf = probe_privileges();
  features.btf =
      ::access("/sys/kernel/btf/vmlinux", R_OK) == 0
          ? Feature{true, "kernel type information (BTF)"}
          : Feature{
                false,
                "no /sys/kernel/btf/vmlinux; this kernel was built without CONFIG_DEBUG_INFO_BTF, "
                "which Thaw needs"};
  features.ring_buffer = probe_ring_buffer();
  features.cycles = probe_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES,
                                "hardware cycles event (samples by NMI)",
                                "no PMU here, as in most virtual machines");
  features.cpu_clock = probe_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK,
                                   "cpu-clock event (samples by timer interrupt)",
                                   "check kernel.perf_event_paranoid");
  features.nmi_tracepoint = probe_nmi_tracepoint();
  features.run_queues = probe_run_queues();
  features.lab_guest = probe_lab_guest();
  return features;
}

}  // namespace thaw
