#pragma once
// Kernel settings of a case.

#include <map>
#include <string>

#include "profiler/base/errors.h"

namespace lab {

/// Writes each value to its file below /proc/sys ("kernel.perf_event_paranoid" →
/// kernel/perf_event_paranoid). Fails at the first that this kernel does not take, naming it.
thaw::Status apply_sysctls(const std::map<std::string, std::string>& sysctls);

}  // namespace lab
