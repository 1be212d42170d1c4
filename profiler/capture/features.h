#pragma once
// What this kernel and machine can do. Each fact is probed by trying it, never inferred from a
// version.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thaw {

/// "0-3,8" as numbers, the way that the kernel lists CPUs.
std::vector<uint32_t> parse_cpu_list(const std::string& list);

/// A fact with the sentence that `thaw doctor` prints for it.
struct Feature {
  bool present = false;
  std::string detail;  ///< when absent: why, and what to do about it
};

struct Features {
  std::string kernel;   ///< uname -r
  std::string machine;  ///< uname -m
  uint32_t possible_cpus = 0;
  std::vector<uint32_t> online_cpus;
  Feature may_load_bpf;    ///< privileges
  Feature btf;             ///< /sys/kernel/btf/vmlinux
  Feature ring_buffer;     ///< BPF_MAP_TYPE_RINGBUF
  Feature cycles;          ///< a hardware cycles event opens: samples come by NMI
  Feature cpu_clock;       ///< a software cpu-clock event opens: samples come by timer interrupt
  Feature nmi_tracepoint;  ///< nmi:nmi_handler exists
  Feature run_queues;      ///< the kernel's own switch counter can be read
  /// It can be read by its name alone: no CONFIG_FAIR_GROUP_SCHED, but CONFIG_KALLSYMS_ALL.
  bool run_queues_by_name = false;
  /// User memory may be read while sampling: absent on kernels known to lock up by it.
  Feature user_memory;
  // What is left without BPF.
  Feature own_events;      ///< a perf event of this process opens, for code outside the kernel
  Feature own_kernel;      ///< one that counts in the kernel too
  Feature own_cycles;      ///< one of hardware cycles
  Feature machine_events;  ///< one of every process
  /// kernel.perf_event_paranoid; nothing where there is no such thing.
  std::optional<int> perf_event_paranoid;
  Feature lab_guest;  ///< booted by thawlab: a machine that may be frozen

  static Features probe();
};

}  // namespace thaw
