#pragma once
// The error budget of one run of `thaw fidelity`: how often a true capture may be called untrue by
// chance alone.
//
// Most measures leave nothing to chance: a count is right or it is not, an order holds or does not,
// and where an interval is wider than one number, what makes it so is a stated inexactness and not
// chance. They take nothing of the budget. Measures of samples are counts that scatter. By
// Bonferroni's inequality the chance that at least one of several tests fails is at most the sum of
// their chances, however they depend on each other. So the budget is divided among the kinds that
// test, and what a kind has among its tests; a kind that is unavailable leaves its part unused.

#include <array>
#include <cstddef>

#include "profiler/analysis/fidelity/measure.h"

namespace thaw {

/// Chance of at least one false alarm over all measures of one fidelity: half of the 1e-4 that a
/// run of the lab may have, which holds its capture against two truths, the load's and the
/// oracle's.
inline constexpr double kFamilyAlpha = 1e-4 / 2;

struct AlphaPart {
  MeasureKind kind;
  double part;  ///< of kFamilyAlpha
};
/// Shares have the largest part: they have the most tests, each function and thread one.
inline constexpr std::array<AlphaPart, 6> kAlphaParts{{{MeasureKind::shares, 0.5},
                                                       {MeasureKind::rate, 0.1},
                                                       {MeasureKind::gaps, 0.1},
                                                       {MeasureKind::stacks, 0.1},
                                                       {MeasureKind::symbols, 0.1},
                                                       {MeasureKind::skew, 0.1}}};

constexpr double sum_of_alpha_parts() {
  double sum = 0;
  for (const AlphaPart& one : kAlphaParts) sum += one.part;
  return sum;
}
static_assert(sum_of_alpha_parts() < 1 + 1e-9);

/// What each of `tests` tests of this kind may fail by chance; 0 for a kind without a part.
constexpr double alpha_of(MeasureKind kind, size_t tests) {
  for (const AlphaPart& one : kAlphaParts)
    if (one.kind == kind)
      return kFamilyAlpha * one.part / static_cast<double>(tests > 0 ? tests : 1);
  return 0;
}

}  // namespace thaw
