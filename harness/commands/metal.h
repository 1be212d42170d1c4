#pragma once
// `--machine FILE.toml`: before anything is done to a machine that boots kernels for the lab.

#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/metal/machine_file.h"
#include "harness/plan/plan.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// Reads the file, refuses what only a guest can do, and asks the person, who types the machine's
/// name (`yes_freeze` is that name, given beforehand): it is rebooted in any case.
thaw::Result<MachineFile> open_machine_file(const std::string& file, const std::string& yes_freeze,
                                            const Programs& programs, std::vector<Case>& cases);

/// Runs of one kernel together: each boot of a real machine takes minutes. Otherwise in the order
/// that they had. Pure.
void group_by_kernel(std::vector<PlannedRun>& plan);

}  // namespace lab
