#pragma once
// Several machines' results of one plan, or of plans that have nothing to do with each other, as
// one. Pure.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/stored_plan.h"
#include "harness/results/result.h"
#include "profiler/base/errors.h"

namespace lab {

/// One results directory.
struct MergePart {
  std::filesystem::path directory;
  ResultSet results;
  std::optional<StoredPlan> plan;  ///< its plan.json; absent of one that kept none
};

struct Merged {
  ResultSet results;
  std::optional<StoredPlan> plan;  ///< of the whole; absent when a part had none
  std::vector<std::filesystem::path>
      from;  ///< as results.runs: the directory that each run was taken out of
  std::vector<std::string> missing;  ///< ids of planned runs without a result
  std::vector<std::string> notes;    ///< sentences for the person who merges
};

/// Order of parts makes no difference, a part that is there twice counts once, and what was merged
/// may be merged again. Runs come in the order of the plan (by id where there is none). A run that
/// two parts played each has the word of the one that began first, and is noted. The session's name
/// is made of those of the parts.
///
/// `whole`: the plan that the parts share, where it is known; else what they have together. Fails
/// with User when parts are of different plans but have runs of one id, for then nobody knows which
/// was meant.
thaw::Result<Merged> merge(std::vector<MergePart> parts, std::optional<StoredPlan> whole);

}  // namespace lab
