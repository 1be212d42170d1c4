#pragma once
// What a bisection has found so far: bisect.json in its directory, which is also what `thawlab
// bisect --json` prints and what `--resume` goes on from.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/plan/bisect.h"
#include "harness/provision/changelog.h"
#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

struct BisectTrial {
  size_t place = 0;  ///< index into BisectRecord::kernels
  BisectRole role = BisectRole::search;
  VerdictKind verdict = VerdictKind::infra;
  std::string reason;
  uint64_t seed = 0;
  double wall_s = 0;
  std::string directory;  ///< of the run, relative to the record's
};

struct BisectSkip {
  size_t place = 0;
  std::string why;
};

struct BisectRecord {
  static constexpr int kSchema = 1;
  std::string case_name;
  std::string case_file;
  std::string case_sha256;
  double risk = 0.05;
  double trial_s = 0;
  uint64_t seed = 1;
  bool finds_fix = false;
  std::vector<KernelRef> kernels;  ///< from the good end to the bad one
  std::vector<KernelRef> left_out;
  std::vector<BisectTrial> trials;     ///< in order
  std::vector<BisectSkip> skips;       ///< kernels that could not be had
  std::optional<std::string> failure;  ///< why there is no answer and will be none
  std::optional<ChangelogDigest> changes;
  std::string changes_from;  ///< the package whose changelog it is, or why there is none

  /// What the symptom is: the verdict at the bad end, `pass` while there is none.
  VerdictKind symptom() const;
  /// What a trial says about the symptom.
  TrialCount count_of(const BisectTrial& trial) const;
  /// All trials and skips, recorded in order.
  Bisection replay() const;
};

std::string to_json(const BisectRecord& record);

/// Fails with Corrupt, naming `name`, when it is no such record or of another version.
thaw::Result<BisectRecord> bisect_from_json(std::string_view text, std::string_view name);

}  // namespace lab
