#pragma once
// From a case to what goes into the guest: the agent's plan and the files of the run.

#include <string>
#include <vector>

#include "harness/agent/messages.h"
#include "harness/case/case.h"
#include "harness/provision/initramfs.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

struct GuestPlan {
  AgentPlan agent;
  std::vector<GuestFile> files;  ///< without the plan itself
};

/// Looks programs up on this host; otherwise pure. Fails with User when the subject, the load or a
/// file of the case is not there, with Environment when a library is missing.
thaw::Result<GuestPlan> plan_guest(const Case& test, const Programs& programs);

/// All of the plan but the paths of programs, which depend on where they will lie. `prefix` is the
/// directory there of what recorders write, with its '/', or nothing. Pure.
void fill_agent_plan(const Case& test, const std::string& prefix, AgentPlan& agent);

/// The load's program on this host. Fails with User when there is none of that name.
thaw::Result<std::filesystem::path> workload_program(const Case& test, const Programs& programs);

/// The load's arguments as the guest knows them.
std::vector<std::string> guest_workload(const Case& test);

/// What every guest of the lab is booted with; harness/run/README.md says why each is there.
std::string kernel_parameters();

}  // namespace lab
