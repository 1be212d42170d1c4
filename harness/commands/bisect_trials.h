#pragma once
// The trials of a bisection: one case on one kernel with one seed, judged and recorded.

#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <set>

#include "harness/case/case.h"
#include "harness/commands/start.h"
#include "harness/report/ledger.h"
#include "harness/run/trials.h"

namespace lab {

struct TrialAnswer {
  VerdictKind verdict = VerdictKind::infra;
  std::string reason;
  double wall_s = 0;
  std::string directory;  ///< relative to the results'
};

/// Borrows everything it is made of. Used by one thread, which owns the guests.
class BisectTrials {
 public:
  struct Setting {
    const Case& test;  ///< with the duration of a trial
    const Workplace& place;
    Ledger& ledger;
    StatusLine& line;
    const std::atomic<bool>& interrupted;
  };
  explicit BisectTrials(const Setting& setting)
      : setting_(setting), shown_(setting.line, setting.test.run.duration_s, false) {}

  /// Brings the kernel here; cheap when it is. Fails when it cannot be had.
  thaw::Status provide(const KernelRef& kernel);
  /// Does the same beside the trials, at the lowest priority; whether it succeeds is seen by
  /// provide().
  void provide_soon(const KernelRef& kernel);

  /// Runs a trial on the kernel that was provided last. `number` is unique. Fails only when results
  /// cannot be written: all else is a verdict.
  thaw::Result<TrialAnswer> run(uint64_t seed, int number);

 private:
  PlannedRun planned_run(const KernelRef& kernel) const;
  Evidence evidence_of(const PlannedRun& planned);

  Setting setting_;
  Shown shown_;
  std::map<std::string, std::future<void>> coming_;  ///< by release and version
  std::optional<RunRequest> request_;                ///< of the kernel that is tried
  std::string key_;                                  ///< and its name
  std::unique_ptr<Trials> saved_;
  int trials_of_boot_ = 0;
  bool must_boot_ = false;  ///< it cannot be saved: each trial boots
};

}  // namespace lab
