#pragma once
// The effects of a hunt: boots, trials, verdicts, files.

#include <atomic>
#include <filesystem>

#include "harness/commands/start.h"
#include "harness/report/hunt.h"
#include "harness/report/ledger.h"
#include "harness/run/trials.h"
#include "harness/verdict/hunt.h"
#include "profiler/base/errors.h"

namespace lab {

struct HuntTrialsOptions {
  bool keep_all = false;  ///< else the files of trials that showed nothing go
};

/// The command that plays this one trial again: its case, kernel, seed and length, from a boot of
/// its own.
std::string trial_command(const PlannedRun& trial);

/// Plays trials of one planned run in one directory; each is judged and stands in results.json like
/// any run. Used by one thread, which owns the guests.
class HuntTrials {
 public:
  static thaw::Result<std::unique_ptr<HuntTrials>> open(const Workplace& place,
                                                        const PlannedRun& planned,
                                                        const std::filesystem::path& directory,
                                                        const std::atomic<bool>& cancelled,
                                                        const HuntTrialsOptions& options);

  /// Until the rule or Ctrl-C says so. Fails when results cannot be written or the guest cannot be
  /// booted; trials that say nothing are counted apart, and too many in a row end the hunt.
  thaw::Status play(const HuntRule& rule, HuntReport& report);

 private:
  HuntTrials(const PlannedRun& planned, const std::atomic<bool>& cancelled,
             const HuntTrialsOptions& options, RunRequest request, Ledger ledger);
  thaw::Status play_boot(Hunt& hunt, HuntReport& report);
  thaw::Status play_trial(Hunt& hunt, HuntReport& report);
  void tell(const RunResult& run, const Hunt& hunt);

  PlannedRun planned_;
  const std::atomic<bool>& cancelled_;
  HuntTrialsOptions options_;
  StatusLine line_;
  Shown shown_;
  Ledger ledger_;
  Trials trials_;
  uint64_t played_ = 0;
  int silent_ = 0;  ///< trials in a row that said nothing
  int64_t first_boot_ns_ = 0;
};

}  // namespace lab
