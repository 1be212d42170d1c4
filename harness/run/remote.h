#pragma once
// A case on a machine that runs already: what is copied to it, and what can be said about what it
// was not given.

#include <optional>
#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/machine/machine.h"
#include "harness/run/evidence.h"
#include "harness/run/execute.h"
#include "harness/run/guest_plan.h"
#include "profiler/base/errors.h"

namespace lab {

/// Why a case may freeze the machine that it is played on; nothing when it is not known to. Pure.
std::optional<std::string> danger_of(const Case& test);

/// Fails with User when the case can only be played in a guest: NMI sources that end a real
/// machine, unless it is known to bear them, images, files that would have to lie at paths of its.
/// Pure.
thaw::Status check_remote(const Case& test, const std::vector<NmiSource>& borne = {NmiSource::pmu});

/// The case as the person has agreed to it: `thaw record` refuses what can freeze a machine of
/// somebody's until it is told that it may. Pure.
Case with_consent(Case test);

/// Paths are relative to the agent's directory there; the first word of a subject is ours or one of
/// that machine's. Fails with User when the load is not there.
thaw::Result<GuestPlan> plan_remote(const Case& test, const Programs& programs);

/// Writes the tree that is copied to `request.directory`/remote.
thaw::Result<MachineOptions> prepare_remote(const RunRequest& request);

/// Fills in what a host watch would have: a machine of its own is held off by nobody; of one behind
/// a hypervisor only the steal time is known, and only where the hypervisor tells it.
void add_host_facts(const std::optional<HostFacts>& facts, uint32_t cpus, Evidence& evidence);

}  // namespace lab
