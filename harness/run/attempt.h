#pragma once
// One boot of one run: what execute() tries up to twice.

#include <functional>
#include <memory>

#include "harness/machine/machine.h"
#include "harness/run/execute.h"

namespace lab {

/// The machine seam: start_qemu(), or a test's machine.
using StartMachine = std::function<thaw::Result<std::unique_ptr<Machine>>(const MachineOptions&)>;

/// Boots, listens until the guest is off or given up, and returns what was seen. `is_retryable` is
/// set when the lab or the host failed in a way that a second try may not.
Evidence attempt(const RunRequest& request, const StartMachine& start, Progress& progress,
                 bool& is_retryable);

/// execute() on machines of another kind than QEMU's.
Evidence execute_on(const StartMachine& start, const RunRequest& request, Progress& progress);

}  // namespace lab
