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

/// What a session plays of a plan that several machines share; of a plan that is one session's, 1
/// of 1.
struct Share {
  int number = 1;  ///< from 1
  int of = 1;
  std::string plan;  ///< digest of the whole: see plan_digest(); "" of a plan that was never shared
  int planned = 0;   ///< runs of the whole
  friend bool operator==(const Share&, const Share&) = default;
};

struct StoredPlan {
  static constexpr int kSchema = 1;
  std::vector<std::string> arguments;  ///< of `thawlab run`, as they were typed
  std::string working_directory;
  std::map<std::string, std::string> programs;  ///< "thaw-agent": SHA-256 of it, and so on
  std::vector<StoredCase> cases;
  /// Without their cases: of `test` only name, file and run.seed are kept.
  std::vector<PlannedRun> runs;
  Share share;
};

/// SHA-256 of what is run: ids, cases with the digests of their files, kernels and seeds. The same
/// on every machine that planned the same; programs are no part of it. Pure.
std::string plan_digest(const StoredPlan& plan);

/// What machine `number` (from 1) of `of` plays of a whole plan: see divide(). Pure.
StoredPlan share_of(const StoredPlan& whole, int number, int of);

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
