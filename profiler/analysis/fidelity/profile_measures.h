#pragma once
// The measures of a profile, whoever made it: they need stacks with names and how often they were
// seen, and no times. Each stands in a file of its own. Pure.

#include "profiler/analysis/fidelity/measure.h"
#include "profiler/analysis/fidelity/profile_held.h"

namespace thaw {

void measure_shares(const ProfileHeld& held, Fidelity& fidelity);
void measure_stacks(const ProfileHeld& held, Fidelity& fidelity);   ///< reach, leaf and callers
void measure_symbols(const ProfileHeld& held, Fidelity& fidelity);  ///< samples with a name
void measure_function_skew(const ProfileHeld& held, Fidelity& fidelity);

}  // namespace thaw
