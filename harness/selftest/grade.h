#pragma once
// Whether a run of the self-test got the verdict it should have, and how much of what was injected
// was seen. Pure.

#include <string>
#include <vector>

#include "harness/results/result.h"
#include "harness/selftest/check.h"

namespace lab {

/// One run of one check, judged and graded.
struct GradedRun {
  std::string id;
  std::string kernel;
  uint64_t seed = 0;
  VerdictKind verdict = VerdictKind::infra;
  std::string reason;
  std::string wrong;  ///< what is not right about it; empty: nothing
  int injected = 0;   ///< freezes that the guest's own clock says there were
  int seen = 0;       ///< of them, those that the freeze meter saw
  double wall_s = 0;
  std::string repeat;  ///< the command that repeats it
};

struct GradedCheck {
  Check check;
  std::vector<GradedRun> runs;
  std::string skipped;  ///< why it could not be made; empty: it was

  /// What is not right about the runs together, such as too many that could not be judged.
  std::string complaint() const;
  bool is_right() const;
};

/// `truth`: what `mishap` printed, or anything else; `load_start_ns`: guest time. A freeze was seen
/// when a stall of the verdict's overlaps it and at least half of its length is the stall's own.
GradedRun grade(const Check& check, const RunResult& result, std::string_view truth,
                int64_t load_start_ns);

/// A point of the detection curve.
struct Detection {
  double freeze_ms = 0;
  int injected = 0;
  int seen = 0;
  int runs = 0;
  int judged_freeze = 0;  ///< runs whose verdict was a freeze
  double share() const { return injected > 0 ? static_cast<double>(seen) / injected : 0; }
};

/// By length; checks without injected freezes are left out.
std::vector<Detection> detection_curve(const std::vector<GradedCheck>& checks);

}  // namespace lab
