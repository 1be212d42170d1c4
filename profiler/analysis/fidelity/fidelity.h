#pragma once
// How true a capture is: against a known truth, and against itself.

#include "profiler/analysis/fidelity/measure.h"
#include "profiler/analysis/frame_names.h"
#include "profiler/analysis/truth.h"
#include "profiler/profiles/stack_profile.h"
#include "profiler/store/reader.h"

namespace thaw {

/// Every measure, those that could not be taken as `unavailable`. Nothing that began before the
/// capture or ended after it is held against it. `tolerance` is a part of the true value, of what
/// scatters by no known law: 0.001 is 0.1 %. Reads files of this machine where the truth names
/// functions.
Fidelity measure_fidelity(const Capture& capture, const Truth& truth, double tolerance,
                          const NameOptions& names = {});
/// Those that a profile without times can carry; the others are `unavailable`.
Fidelity measure_fidelity(const StackProfile& profile, const Truth& truth);

}  // namespace thaw
