// Lists of what is let through rather than of what is held back: a report goes to strangers, and
// what nobody thought of must not be in it.

#include "profiler/capture/report_text.h"

#include <algorithm>
#include <array>
#include <regex>

namespace thaw {
namespace {

constexpr std::array kHarmless = {"acpi",
                                  "amd_pstate",
                                  "apic",
                                  "apparmor",
                                  "audit",
                                  "bpf_jit_enable",
                                  "cgroup_disable",
                                  "clocksource",
                                  "cpuidle.off",
                                  "hpet",
                                  "hugepages",
                                  "idle",
                                  "init_on_alloc",
                                  "init_on_free",
                                  "intel_idle.max_cstate",
                                  "intel_iommu",
                                  "intel_pstate",
                                  "iommu",
                                  "iomem",
                                  "irqaffinity",
                                  "isolcpus",
                                  "lockdown",
                                  "lsm",
                                  "maxcpus",
                                  "mem",
                                  "mitigations",
                                  "nmi_watchdog",
                                  "no_hz",
                                  "nohz",
                                  "nohz_full",
                                  "nokaslr",
                                  "noapic",
                                  "nosmt",
                                  "nosoftlockup",
                                  "nowatchdog",
                                  "nox2apic",
                                  "nr_cpus",
                                  "numa_balancing",
                                  "panic",
                                  "panic_on_oops",
                                  "preempt",
                                  "processor.max_cstate",
                                  "pti",
                                  "quiet",
                                  "rcu_nocbs",
                                  "rcupdate.rcu_cpu_stall_timeout",
                                  "ro",
                                  "rw",
                                  "security",
                                  "selinux",
                                  "softlockup_panic",
                                  "spectre_v2",
                                  "splash",
                                  "split_lock_detect",
                                  "systemd.unified_cgroup_hierarchy",
                                  "threadirqs",
                                  "transparent_hugepage",
                                  "tsc",
                                  "watchdog_thresh",
                                  "x2apic_phys"};

// Words of lines that a machine says when it stood still or died.
constexpr std::array kFreezeWords = {"soft lockup",
                                     "hard LOCKUP",
                                     "hard lockup",
                                     "rcu_sched",
                                     "rcu_preempt",
                                     "detected stall",
                                     "blocked for more than",
                                     "NMI handler",
                                     "interrupt took too long",
                                     "hrtimer: interrupt took",
                                     "Uhhuh. NMI",
                                     "NMI watchdog",
                                     "rqspinlock",
                                     "Watchdog detected",
                                     "marked unstable",
                                     "Marking clocksource",
                                     "workqueue lockup",
                                     "BUG:",
                                     "Oops",
                                     "WARNING:",
                                     "general protection",
                                     "Kernel panic",
                                     "csd: ",
                                     "softirq: huh",
                                     "RIP: "};

constexpr std::array kOptions = {"CONFIG_HZ",
                                 "CONFIG_PREEMPT",
                                 "CONFIG_PREEMPT_DYNAMIC",
                                 "CONFIG_PREEMPT_RT",
                                 "CONFIG_PREEMPT_VOLUNTARY",
                                 "CONFIG_PREEMPT_LAZY",
                                 "CONFIG_NO_HZ_FULL",
                                 "CONFIG_SMP",
                                 "CONFIG_NR_CPUS",
                                 "CONFIG_PARAVIRT_SPINLOCKS",
                                 "CONFIG_QUEUED_SPINLOCKS",
                                 "CONFIG_HYPERVISOR_GUEST",
                                 "CONFIG_X86_X2APIC",
                                 "CONFIG_X86_FRED",
                                 "CONFIG_PERF_EVENTS",
                                 "CONFIG_BPF_SYSCALL",
                                 "CONFIG_BPF_JIT",
                                 "CONFIG_BPF_JIT_ALWAYS_ON",
                                 "CONFIG_DEBUG_INFO_BTF",
                                 "CONFIG_SOFTLOCKUP_DETECTOR",
                                 "CONFIG_HARDLOCKUP_DETECTOR",
                                 "CONFIG_DETECT_HUNG_TASK",
                                 "CONFIG_RCU_CPU_STALL_TIMEOUT",
                                 "CONFIG_LOCKDEP",
                                 "CONFIG_KASAN",
                                 "CONFIG_DEBUG_PREEMPT",
                                 "CONFIG_UNWINDER_ORC",
                                 "CONFIG_UNWINDER_FRAME_POINTER",
                                 "CONFIG_KALLSYMS_ALL"};

constexpr std::array kFlags = {"hypervisor",   "x2apic",         "arch_perfmon", "nonstop_tsc",
                               "constant_tsc", "tsc_known_freq", "pebs",         "ibs",
                               "perfctr_core", "fred",           "smap",         "rdrand"};

/// Calls `each` with every line, without its end.
template <class Each>
void for_each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    each(line);
  }
}

template <class Each>
void for_each_word(std::string_view text, Each each) {
  while (true) {
    const size_t start = text.find_first_not_of(" \t\n");
    if (start == std::string_view::npos) return;
    text.remove_prefix(start);
    const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
    text.remove_prefix(word.size());
    each(word);
  }
}

template <class List>
bool holds(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

std::string without_names(std::string_view line, std::string_view host_name) {
  static const std::regex kTask(R"(\[[^\[\]]*:\d+\])");
  static const std::regex kComm(R"(Comm: \S+)");
  static const std::regex kBlocked(R"(task \S+:\d+)");
  std::string text = std::regex_replace(std::string(line), kTask, "[task]");
  text = std::regex_replace(text, kComm, "Comm: task");
  text = std::regex_replace(text, kBlocked, "task");
  // A name of one or two letters would be found everywhere.
  for (size_t at = 0; host_name.size() > 2 && (at = text.find(host_name, at)) != std::string::npos;)
    text.replace(at, host_name.size(), "HOST");
  return text;
}

/// The value of "key\t: value".
std::string_view value_of(std::string_view line) {
  const size_t colon = line.find(": ");
  return colon == std::string_view::npos ? std::string_view() : line.substr(colon + 2);
}

}  // namespace

KernelParameters harmless_parameters(std::string_view cmdline) {
  KernelParameters parameters;
  for_each_word(cmdline, [&](std::string_view word) {
    if (holds(kHarmless, word.substr(0, word.find('='))))
      parameters.known.emplace_back(word);
    else
      ++parameters.hidden;
  });
  return parameters;
}

std::vector<std::string> freeze_lines(std::string_view log, std::string_view host_name,
                                      size_t most) {
  std::vector<std::string> lines;
  for_each_line(log, [&](std::string_view line) {
    if (std::ranges::any_of(kFreezeWords, [&](const char* word) { return line.contains(word); }))
      lines.push_back(without_names(line, host_name));
  });
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<long>(most));
  return lines;
}

std::map<std::string, std::string> key_options(std::string_view config) {
  std::map<std::string, std::string> options;
  for (const char* name : kOptions) options[name] = "n";
  for_each_line(config, [&](std::string_view line) {
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return;
    if (const auto known = options.find(std::string(line.substr(0, equals)));
        known != options.end())
      known->second = line.substr(equals + 1);
  });
  return options;
}

CpuIdentity cpu_identity(std::string_view cpuinfo) {
  CpuIdentity cpu;
  std::string family;
  std::string model;
  std::string stepping;
  bool is_first = true;
  for_each_line(cpuinfo, [&](std::string_view line) {
    if (line.empty()) is_first = false;
    if (!is_first) return;
    const std::string_view key = line.substr(0, line.find_first_of("\t:"));
    const std::string value(value_of(line));
    if (key == "model name") cpu.model = value;
    if (key == "vendor_id") cpu.vendor = value;
    if (key == "cpu family") family = value;
    if (key == "model") model = value;
    if (key == "stepping") stepping = value;
    if (key == "flags")
      for_each_word(value, [&](std::string_view flag) {
        if (holds(kFlags, flag)) cpu.flags.emplace_back(flag);
      });
  });
  if (!family.empty()) cpu.family_model_stepping = family + "/" + model + "/" + stepping;
  return cpu;
}

std::vector<std::string> module_names(std::string_view modules) {
  std::vector<std::string> names;
  for_each_line(modules, [&](std::string_view line) {
    if (!line.empty()) names.emplace_back(line.substr(0, line.find(' ')));
  });
  std::ranges::sort(names);
  return names;
}

std::string distribution(std::string_view os_release) {
  std::string name;
  for_each_line(os_release, [&](std::string_view line) {
    if (!line.starts_with("PRETTY_NAME=")) return;
    name = line.substr(12);
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
      name = name.substr(1, name.size() - 2);
  });
  return name;
}

}  // namespace thaw
