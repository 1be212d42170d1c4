#pragma once
// What the oracle counted in a run, with names (harness/oracle/README.md).

#include <filesystem>

#include "harness/run/evidence.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// Reads what the plugin left in the run's directory, writes oracle.json in its place, and adds it
/// to the evidence. `processes`: the file of the guest's mappings, or empty. Does nothing where
/// there are no counts: the plugin writes when QEMU ends in order, and a guest that was given up
/// does not. To be called when the guest's symbols and the load's own account are in the evidence.
thaw::Status add_oracle(const RunRequest& request, const std::filesystem::path& processes,
                        Evidence& evidence);

}  // namespace lab
