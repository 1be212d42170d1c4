#pragma once
// Subject and comparison of a run, measure by measure. Pure.

#include <string>

#include "harness/results/result.h"

namespace lab {

/// A table of this run; "" when nothing stood beside its subject.
std::string side_by_side_html(const RunResult& run);

}  // namespace lab
