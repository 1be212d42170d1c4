#pragma once
// plan.json: what a session set out to do, kept in its results directory so that it can go on where
// it stopped: the same runs on the same kernels with the same seeds, or a refusal.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/plan/plan.h"
#include "profiler/base/errors.h"

namespace lab {

struct StoredCase {
  std::string name;
  std::string file;    ///< absolute; empty for a case made of options
  std::string sha256;  ///< of the file
};

struct StoredPlan {
  static constexpr int kSchema = 1;
  std::vector<std::string> arguments;  ///< of `thawlab run`, as they were typed
  std::string working_directory;
  std::map<std::string, std::string> programs;  ///< "thaw-agent": SHA-256 of it, and so on
  std::vector<StoredCase> cases;
  /// Without their cases: of `test` only name, file and run.seed are kept.
  std::vector<PlannedRun> runs;
};

std::string plan_to_json(const StoredPlan& plan);

/// `name` is used in messages. Fails with Corrupt.
thaw::Result<StoredPlan> plan_from_json(std::string_view text, std::string_view name);

/// The digests of the case files and programs that a plan rests on. `programs`: name and path.
/// Fails when one cannot be read.
thaw::Status add_digests(StoredPlan& plan, const std::vector<Case>& cases,
                         const std::map<std::string, std::filesystem::path>& programs);

/// What is not as it was: one sentence each, empty when all is. Pure.
std::vector<std::string> changes_since(const StoredPlan& then, const StoredPlan& now);

/// The runs of a stored plan with their cases, by file and name; CHECKs that each is there.
std::vector<PlannedRun> with_cases(const StoredPlan& plan, const std::vector<Case>& cases);

}  // namespace lab
