#pragma once
// What to run: cases times kernels times repetitions, in order, each with what is expected of it.
// Decided before anything is fetched or booted. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

struct PlannedRun {
  Case test;
  std::string pattern;  ///< the pattern that asked for this kernel
  KernelRef kernel;     ///< when `missing` is set, only what the pattern tells
  /// The kernel cannot be had: the run is `infra` without being tried, never another kernel.
  std::optional<thaw::Error> missing;
  VerdictKind expected = VerdictKind::pass;
  std::vector<VerdictKind> or_expected;  ///< others that are as good
  bool or_incapable = false;             ///< as Expectation's
  std::string expected_reason;
  uint64_t seed = 0;
  int repetition = 1;
  std::string id;  ///< unique in the plan; also the name of the run's directory

  /// The pattern that means this kernel and no other.
  std::string exact_pattern() const {
    const bool is_packaged = !kernel.version.empty() && !kernel.release.empty();
    return is_packaged ? kernel.provider + ":" + kernel.release : pattern;
  }
};

struct PlanOptions {
  std::vector<std::string> kernels;  ///< instead of the cases' own; empty: the cases' own
  int repeat = 1;
  std::optional<uint64_t> seed;  ///< instead of the cases' own
  bool same_seed = false;        ///< repetitions do not count up
};

/// All kernels a pattern means, or why it means none.
using ResolvePattern =
    std::function<thaw::Result<std::vector<KernelRef>>(std::string_view pattern)>;

/// Repetitions go round the whole matrix, so that each kernel has been tried once early on; the
/// n-th repetition has the case's seed + n - 1, unless all are to have the same. Two patterns that
/// mean one kernel plan it once. Fails with User when a pattern cannot be read; a pattern without a
/// kernel is not an error.
thaw::Result<std::vector<PlannedRun>> plan_runs(const std::vector<Case>& cases,
                                                const PlanOptions& options,
                                                const ResolvePattern& resolve);

/// The first expectation that matches; pass when none does.
Expectation expectation_for(const Case& test, const KernelRef& kernel);

}  // namespace lab
