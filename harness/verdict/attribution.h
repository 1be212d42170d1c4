#pragma once
// Who stood still, where, and for whom: from looks at the guest and from long emits. Pure.

#include <vector>

#include "harness/run/evidence.h"
#include "harness/run/stacks/symbols.h"
#include "harness/verdict/verdict.h"
#include "profiler/analysis/emits.h"

namespace lab {

/// By time: of each look taken while the guest stood still, and of each long emit that no look
/// fell into. `emits` may be null; without symbols functions are addresses.
std::vector<Attribution> attribute(const Evidence& evidence, const thaw::EmitSummary* emits,
                                   const Symbols& symbols);

}  // namespace lab
