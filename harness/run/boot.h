#pragma once
// What a guest is booted from: the initramfs with the agent, its plan and its programs, and the
// machine's options.

#include <filesystem>

#include "harness/machine/machine.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// Leaves agent-plan.json and initramfs.cpio in the request's directory; returns the path of the
/// latter. `await_trial`: the guest stands still once its subject is ready (AgentPlan).
thaw::Result<std::filesystem::path> build_boot(const RunRequest& request, bool await_trial);

MachineOptions machine_options(const RunRequest& request, const std::filesystem::path& initramfs);

}  // namespace lab
