#pragma once
// What the guest's kernel says of itself and of the subject's BPF programs: plain structs that
// travel unchanged from the agent to the results.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lab {

/// One BPF program of the subject, by the kernel's own account, from the start of the load to its
/// end (misses and words: of its whole life).
struct ProgramSeen {
  uint32_t id = 0;
  std::string name;              ///< the kernel keeps 15 characters
  std::string type;              ///< as bpftool says it: "raw_tracepoint"
  std::optional<uint64_t> runs;  ///< absent unless the kernel's BPF statistics were on
  std::optional<uint64_t> run_ns;
  /// Runs that were left out because it was running already on that CPU, or from a tracepoint or
  /// kprobe any BPF program was; absent before v5.12.
  std::optional<uint64_t> misses;
  /// Its error stream, where the kernel writes what made it end the program (a timeout, a bad
  /// access); empty before v6.17. The first 4 KiB.
  std::string said;
};

/// Numbers that a subject under which the kernel suffers leaves changed.
struct KernelState {
  uint64_t taint = 0;  ///< /proc/sys/kernel/tainted
  /// /proc/sys/kernel/perf_event_max_sample_rate, which the kernel lowers when sampling takes too
  /// long; 0: not known.
  uint64_t max_sample_rate = 0;
};

struct KernelSeen {
  KernelState before;  ///< the subject started
  KernelState after;   ///< the load ended
  std::vector<ProgramSeen> programs;
};

}  // namespace lab
