#pragma once
// A comparison for people and for scripts. Pure.

#include <string>

#include "harness/results/compare.h"

namespace lab {

/// Regressions first, each with its counts and what they prove; what did not change is counted.
/// `color`: with ANSI colours.
std::string format_comparison(const Comparison& comparison, bool color);

/// SCHEMA.md tells the fields.
std::string comparison_to_json(const Comparison& comparison);

/// "3 pass, 2 freeze"
std::string verdicts_text(const Side& side);
/// "p = 0.012 (corrected 0.024)", or why there is none.
std::string proof_text(const Cell& cell, double alpha);

}  // namespace lab
