#pragma once
// What a guest is booted from: the initramfs with the agent, its plan and its programs, and the
// machine's options.

#include <filesystem>
#include <map>
#include <string>

#include "harness/machine/machine.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// Where the oracle leaves its counts, in the run's directory.
inline constexpr const char* kOracleCounts = "oracle.counts";

/// Leaves agent-plan.json and initramfs.cpio in the request's directory; returns the path of the
/// latter. `await_trial`: the guest stands still once its subject is ready (AgentPlan).
thaw::Result<std::filesystem::path> build_boot(const RunRequest& request, bool await_trial);

/// Which file of this host lies where in the guest.
std::map<std::string, std::filesystem::path> guest_sources(const RunRequest& request);

MachineOptions machine_options(const RunRequest& request, const std::filesystem::path& initramfs);

}  // namespace lab
