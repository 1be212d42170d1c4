#pragma once
// From what was asked to a plan, and from a plan to the directories in which its shards are played.

#include <filesystem>
#include <string>
#include <vector>

#include "harness/commands/run_options.h"
#include "harness/commands/start.h"
#include "harness/plan/stored_plan.h"

namespace lab {

/// What only this build can say about cases: programs and images must be there. Fails with User.
thaw::Status check_cases(const std::vector<Case>& cases, const Programs& programs);

/// Every run that the options ask for, on the kernels that `place` finds.
thaw::Result<std::vector<PlannedRun>> plan_for_guests(const RunOptions& options,
                                                      const std::vector<Case>& cases,
                                                      const Workplace& place);

struct Planned {
  std::string name;  ///< of the session
  StoredPlan whole;
};

/// Everything that a plan of guests is made of, checked. Fails with User.
thaw::Result<Planned> plan_whole(const RunOptions& options);

/// DIR/plan.json, the whole, and DIR/shard-1 … DIR/shard-N: each a session that `thawlab run
/// --resume` plays, on whatever machine sees the directory. Fails with User when DIR holds results.
thaw::Status make_shards(const StoredPlan& whole, int shards, const std::string& name,
                         const std::filesystem::path& directory);

std::filesystem::path shard_directory(const std::filesystem::path& directory, int number);

}  // namespace lab
