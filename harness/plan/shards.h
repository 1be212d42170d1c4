#pragma once
// A plan divided among machines.

#include <vector>

#include "harness/plan/plan.h"

namespace lab {

/// Which runs each of `shards` machines plays: indices into `plan`, ascending. Every run is in
/// exactly one of them, the same plan is always divided in the same way, and the longest of them is
/// at most a third longer than it could be. Runs that are held against each other stay together:
/// those of one kernel and case. There may be empty ones. Pure.
std::vector<std::vector<size_t>> divide(const std::vector<PlannedRun>& plan, int shards);

/// Seconds that a run is expected to take, by its case; of a run whose kernel is missing, 0. Under
/// TCG, on the machine that harness/results/README.md describes.
double expected_seconds(const PlannedRun& run);

}  // namespace lab
