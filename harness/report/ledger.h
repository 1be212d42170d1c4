#pragma once
// Keeps the account of a lab session: judges each run as it ends and leaves the results directory
// complete after every one.

#include <filesystem>
#include <string>

#include "harness/plan/plan.h"
#include "harness/results/known.h"
#include "harness/results/result.h"
#include "harness/run/evidence.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// What record() will say of a run, for those who must know before its machine is ended.
Verdict verdict_on(const PlannedRun& run, const Evidence& evidence);

/// Owns the results of one session. Used by one thread.
class Ledger {
 public:
  /// `directory` exists and is the session's own. Writes the first, empty results into it, so that
  /// a directory that cannot be written is found before anything is booted. Fails with User while
  /// another thawlab writes there.
  static thaw::Result<Ledger> open(std::filesystem::path directory, ResultSet results);

  /// Loads capture and console, judges, and replaces results.json, junit.xml, results.ktap and
  /// report.html. Fails when they cannot be written; the earlier ones then stay. `repeat` is the
  /// command that repeats the run.
  thaw::Result<const RunResult*> record(const PlannedRun& run, const Evidence& evidence,
                                        const std::string& repeat);

  /// The issues that runs recorded from now on are held against; runs that are there already (of a
  /// session that is resumed) are again.
  void set_known(KnownIssues known);
  const KnownIssues& known() const { return known_; }

  /// What the session's measures are against those of earlier ones; known issues are applied.
  void set_trends(std::vector<CaseTrend> trends);

  /// No more runs will come. `all`: every planned run was recorded.
  thaw::Status close(bool all);

  const ResultSet& results() const { return results_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  Ledger(std::filesystem::path directory, ResultSet results, thaw::UniqueFd lock)
      : directory_(std::move(directory)), results_(std::move(results)), lock_(std::move(lock)) {}
  thaw::Status save() const;
  /// A deterministic run that is not what an earlier one of the same case, kernel and seed was is
  /// the lab's failure, whatever else it showed.
  void hold_to_earlier(RunResult& result, const thaw::Capture* capture) const;

  std::filesystem::path directory_;
  ResultSet results_;
  KnownIssues known_;
  thaw::UniqueFd lock_;  ///< of the directory; a killed process gives it up
};

}  // namespace lab
