#pragma once
// Whether this machine can sample by hardware.

#include <optional>
#include <string>

namespace lab {

/// Nothing where an event that counts cycles, and interrupts by NMI, can be opened; else why not.
std::optional<std::string> why_no_pmu();

}  // namespace lab
