#pragma once
// Keeping a session's plan beside its results, and taking it up again.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/plan/stored_plan.h"
#include "harness/results/result.h"
#include "harness/run/execute.h"

namespace lab {

constexpr const char* kPlanFile = "plan.json";

/// Everything that decides what a session's runs are, with digests of the programs and case files.
thaw::Result<StoredPlan> describe_plan(const std::vector<Case>& cases, std::vector<PlannedRun> runs,
                                       const Programs& programs);

/// Writes plan.json into `directory`.
thaw::Status save_plan(const StoredPlan& plan, const std::filesystem::path& directory);

/// Reads plan.json of a session that was interrupted. Fails with User when there is nothing to
/// resume.
thaw::Result<StoredPlan> load_plan(const std::filesystem::path& directory,
                                   const ResultSet& results);

/// Fails with User, saying what changed, when the runs still to do would not be like those done.
thaw::Status check_unchanged(const StoredPlan& then, const StoredPlan& now,
                             const std::filesystem::path& directory);

/// Ids of the runs that have a result.
std::set<std::string> done_in(const ResultSet& results);

/// Moves what interrupted runs left out of the way of the next: ID to ID.interrupted.
thaw::Status put_aside_unfinished(const StoredPlan& plan, const ResultSet& results,
                                  const std::filesystem::path& directory);

}  // namespace lab
