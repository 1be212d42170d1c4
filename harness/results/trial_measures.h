#pragma once
// What of a run's measures the history keeps. Pure.

#include <vector>

#include "harness/results/trial.h"

namespace lab {

/// Each as how far it is off what a capture without fault has: 0 is best, more is worse. Measures
/// of one name (of threads that only their ids tell apart) are one, their mean. Shares of single
/// functions are left out: they are other ones in each build, and their G-test has them all.
std::vector<TrialMeasure> trial_measures(const RunResult& run);

}  // namespace lab
