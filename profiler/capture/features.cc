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
#include <memory>

#include <fmt/format.h>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"
#include "profiler/capture/known_bad.h"

namespace thaw {

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

namespace {

/// 0, or the errno of the refusal.
int try_event(uint32_t type, uint64_t config, pid_t pid, bool with_kernel) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = type;
  attr.config = config;
  attr.sample_period = 1'000'000;
  attr.disabled = 1;
  attr.exclude_kernel = !with_kernel;
  attr.exclude_hv = 1;
  const int cpu = pid == -1 ? 0 : -1;
  const UniqueFd fd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  return fd.is_valid() ? 0 : errno;
}

/// Of the whole machine, the kernel included: as the BPF programs are attached.
Feature probe_event(uint32_t type, uint64_t config, const char* what, const char* otherwise) {
  const int code = try_event(type, config, -1, true);
  if (code == 0) return {true, what};
  if (code == EACCES || code == EPERM) return {false, fmt::format("{}: only root can tell", what)};
  return {false, fmt::format("{}: {}", otherwise, std::strerror(code))};
}

Feature probe_ring_buffer() {
  const UniqueFd fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "thaw_probe", 0, 0, 4096, nullptr));
  if (fd.is_valid()) return {true, "BPF ring buffers"};
  if (errno == EPERM) return {false, "BPF ring buffers: only root can tell"};
  return {false, fmt::format("no BPF ring buffer: {}; Thaw falls back to perf buffers",
                             std::strerror(errno))};
}

constexpr char kGrant[] = "`setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_syslog+ep` on thaw";

/// By a program of the kind that Thaw's are. A map would not do: kernels that leave
/// unprivileged_bpf_disabled at 0 let everybody make one.
Feature probe_privileges() {
  const bpf_insn program[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  const UniqueFd fd(bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "thaw_probe", "GPL", program,
                                  std::size(program), nullptr));
  if (fd.is_valid() && ::geteuid() == 0) return {true, "may load BPF programs"};
  if (fd.is_valid()) return {true, "may load BPF programs without being root"};
  if (::geteuid() == 0)
    return {false, fmt::format("may not load BPF programs although it is root: {}; a container "
                               "needs CAP_BPF and CAP_PERFMON, a locked-down kernel allows none",
                               std::strerror(errno))};
  return {false, fmt::format("may not load BPF programs: {}; run it with sudo, or grant {}",
                             std::strerror(errno), kGrant)};
}

std::optional<int> read_paranoid() {
  const auto text = read_file("/proc/sys/kernel/perf_event_paranoid");
  return text ? std::optional(std::atoi(text->c_str())) : std::nullopt;
}

/// Why perf events of a scope are refused, and from which kernel.perf_event_paranoid on they are
/// allowed.
std::string why_refused(int code, const char* what, std::optional<int> paranoid, int enough) {
  if (!paranoid) return "this kernel has no perf events";
  if (code != EACCES && code != EPERM) return fmt::format("{}: {}", what, std::strerror(code));
  if (*paranoid > enough)
    return fmt::format(
        "{} needs kernel.perf_event_paranoid {} at most, which is {}: `sysctl -w "
        "kernel.perf_event_paranoid={}`",
        what, enough, *paranoid, enough);
  return fmt::format(
      "{} is refused although kernel.perf_event_paranoid is {}: by a container, as a "
      "rule, which needs CAP_PERFMON and a seccomp profile that allows "
      "perf_event_open",
      what, *paranoid);
}

/// What perf events alone may do.
void probe_events(Features& features) {
  features.perf_event_paranoid = read_paranoid();
  const auto probe = [&](pid_t pid, bool with_kernel, const char* what, int enough) {
    const int code = try_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, pid, with_kernel);
    if (code == 0) return Feature{true, what};
    return Feature{false, why_refused(code, what, features.perf_event_paranoid, enough)};
  };
  features.own_events = probe(0, false, "sampling one's own processes by perf events alone", 2);
  features.own_kernel = probe(0, true, "sampling in the kernel by perf events alone", 1);
  features.machine_events =
      probe(-1, features.own_kernel.present, "sampling every process by perf events alone", 0);
  const int code = try_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0, false);
  features.own_cycles =
      code == 0 ? Feature{true, "hardware cycles of one's own processes"}
      : features.own_events.present
          ? Feature{false, fmt::format("no PMU here, as in most virtual machines: {}",
                                       std::strerror(code))}
          : features.own_events;
}

Feature probe_nmi_tracepoint(const btf* types) {
  for (const char* root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (::access(fmt::format("{}/events/nmi/nmi_handler", root).c_str(), F_OK) == 0) {
      return {true, "tracepoint nmi:nmi_handler"};
    }
  }
  // tracefs may just not be mounted; a kernel with BTF tells through the tracepoint's type.
  if (types != nullptr && btf__find_by_name(types, "btf_trace_nmi_handler") > 0)
    return {true, "tracepoint nmi:nmi_handler"};
  return {false, "no tracepoint nmi:nmi_handler; --clock nmi cannot be used"};
}

bool has_member(const btf* types, const char* structure, const char* member) {
  const int id = btf__find_by_name_kind(types, structure, BTF_KIND_STRUCT);
  if (id <= 0) return false;
  const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(id));
  const btf_member* members = btf_members(type);
  for (int at = 0; at < btf_vlen(type); at++)
    if (std::strcmp(btf__name_by_offset(types, members[at].name_off), member) == 0) return true;
  return false;
}

bool lists_run_queues() {
  std::ifstream symbols("/proc/kallsyms");
  std::string line;
  while (std::getline(symbols, line))
    if (line.ends_with(" runqueues")) return true;
  return false;
}

void probe_run_queues(const btf* types, Features& features) {
  const bool of_task = types != nullptr && has_member(types, "sched_entity", "cfs_rq") &&
                       has_member(types, "cfs_rq", "rq");
  features.run_queues_by_name = !of_task && lists_run_queues();
  if (of_task || features.run_queues_by_name) {
    features.run_queues = {true, "the kernel's own switch counter can be read"};
  } else {
    features.run_queues = {false,
                           "the kernel's own switch counter cannot be read, so switches cannot be "
                           "checked against it: it was built with neither CONFIG_FAIR_GROUP_SCHED "
                           "nor CONFIG_KALLSYMS_ALL"};
  }
}

/// From a table: trying it could lock the machine up.
Feature look_up_user_memory(const utsname& name) {
  const auto version =
      kernel_version(name.release, name.version, read_file("/proc/version_signature").value_or(""));
  const auto bad = version ? bad_for_reading_user_memory(*version) : std::nullopt;
  if (!bad) return {true, "user stacks by unwind tables"};
  return {false, *bad + "; --stacks tables does it all the same"};
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
  const std::unique_ptr<struct btf, void (*)(struct btf*)> types(btf__load_vmlinux_btf(),
                                                                 btf__free);
  features.nmi_tracepoint = probe_nmi_tracepoint(types.get());
  probe_run_queues(types.get(), features);
  features.user_memory = look_up_user_memory(name);
  probe_events(features);
  features.lab_guest = probe_lab_guest();
  return features;
}

}  // namespace thaw
