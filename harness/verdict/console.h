#pragma once
// The guest kernel's own words: console log to findings. Pure.

#include <string_view>
#include <vector>

#include "harness/verdict/verdict.h"

namespace lab {

/// Findings in the order of the log, at most 500. `injecting_nmis`: the lab sent NMIs that the
/// kernel must call unknown, so those lines are expected. A log that does not end with the kernel
/// powering down gets a last finding of severity "cut": silence after it proves nothing.
///
/// Lines may be damaged, interleaved, of any length and hold any byte.
std::vector<Finding> classify_console(std::string_view log, bool injecting_nmis);

}  // namespace lab
