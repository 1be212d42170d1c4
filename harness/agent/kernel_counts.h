#pragma once
// What the guest's kernel counts: NMIs per CPU, loaded BPF programs, their runs in NMI context.

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "profiler/base/unique_fd.h"

namespace lab {

/// The NMI line of /proc/interrupts, per online CPU; empty when it cannot be read.
std::vector<uint64_t> nmi_counts();
/// `after` minus `before`, per CPU.
std::vector<uint64_t> growth(const std::vector<uint64_t>& before,
                             const std::vector<uint64_t>& after);

/// BPF programs that are loaded now; nothing where the kernel does not tell.
std::optional<uint64_t> loaded_programs();
/// BPF links that are there now: programs attached by raw tracepoints, trampolines and cgroups have
/// one each, those on perf events from v5.15 on. Nothing where the kernel does not tell (before
/// v5.8).
std::optional<uint64_t> attached_programs();

/// Turns on the kernel's BPF statistics while it lives. Invalid where the kernel has none (before
/// v5.8).
thaw::UniqueFd enable_bpf_statistics();
/// Runs of those of `programs` (ids) that are attached to the tracepoint nmi_handler, as the
/// statistics have it; nothing where the kernel does not tell. Counts from the moment the
/// statistics were turned on.
std::optional<uint64_t> nmi_program_runs(const std::set<uint32_t>& programs);

}  // namespace lab
