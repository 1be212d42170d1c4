#pragma once
// The kernel's own account of BPF programs and of itself, read in the guest.

#include <vector>

#include "harness/agent/kernel_messages.h"
#include "profiler/capture/bpf_audit.h"

namespace lab {

/// What the kernel tells of each of `programs` now; those that are gone are left out. Empties their
/// error streams. `statistics_on`: since the load began, so that runs mean something.
std::vector<ProgramSeen> look_at_programs(const std::vector<thaw::AuditedProgram>& programs,
                                          bool statistics_on);

KernelState kernel_state();

}  // namespace lab
