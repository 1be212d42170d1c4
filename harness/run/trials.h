#pragma once
// Many trials of one case on one kernel: boots seldom, goes on from the saved machine often.

#include <filesystem>
#include <memory>

#include "harness/run/evidence.h"
#include "harness/run/execute.h"
#include "harness/run/snapshot.h"
#include "profiler/base/errors.h"

namespace lab {

/// Used by one thread, which owns the guests. The file of the saved machine goes with this object
/// or with the next boot.
class Trials {
 public:
  /// The request's directory is where boots leave theirs (boot-1, boot-2 …). `progress` must
  /// outlive this.
  Trials(RunRequest request, Progress& progress);

  /// Boots anew and saves the machine with its subject ready: trials from here on are of another
  /// memory layout. Fails as take_snapshot() does.
  thaw::Status boot();
  /// Plays the case once in the saved machine; boot() comes first. Seed, duration, NMIs' pace and
  /// the workload's arguments are those of `test`, all else is as booted. Never fails: what went
  /// wrong is in the evidence. `directory` is the trial's own.
  Evidence next(const Case& test, const std::filesystem::path& directory);

  int boots() const { return boots_; }
  const Snapshot& snapshot() const { return *snapshot_; }

 private:
  RunRequest request_;
  Progress& progress_;
  std::unique_ptr<Snapshot> snapshot_;
  int boots_ = 0;
};

}  // namespace lab
