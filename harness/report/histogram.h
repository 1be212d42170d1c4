#pragma once
// Histograms of a run as pictures. Pure.

#include <string>

#include "harness/results/result.h"

namespace lab {

/// An SVG, coloured by the page it is put into: how often Thaw's programs took how long to emit, in
/// NMI context and elsewhere; without a capture, how long the stalls were. Both axes logarithmic,
/// the same for every run, so that pictures can be compared.
std::string draw_histogram(const RunResult& run);

}  // namespace lab
