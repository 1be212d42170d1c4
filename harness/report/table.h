#pragma once
// Results as text for a terminal. Pure.

#include <string>

#include "harness/results/result.h"

namespace lab {

/// One line per run, one for the sum. `color`: with ANSI colours; never the only carrier of
/// meaning.
std::string format_table(const ResultSet& results, bool color);

/// Everything that led to the verdict of one run: planned why, what happened, what was seen.
std::string explain(const RunResult& run);

}  // namespace lab
