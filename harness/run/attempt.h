#pragma once
// One boot of one run: what execute() tries up to twice.

#include "harness/run/execute.h"

namespace lab {

/// Boots, listens until the guest is off or given up, and returns what was seen. `is_retryable` is
/// set when the lab or the host failed in a way that a second try may not.
Evidence attempt(const RunRequest& request, Progress& progress, bool& is_retryable);

}  // namespace lab
