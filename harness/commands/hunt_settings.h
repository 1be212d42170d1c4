#pragma once
// Hunts over settings: which neighbour of a case shows it most, and the least case that shows it.

#include <atomic>
#include <filesystem>

#include "harness/commands/start.h"
#include "harness/report/hunt.h"
#include "profiler/base/errors.h"

namespace lab {

/// What both need of the hunt they belong to.
struct SettingsHunt {
  const Workplace& place;
  std::filesystem::path directory;  ///< of the hunt; each setting gets one below it
  const std::atomic<bool>& cancelled;
};

/// Plays a few trials of each variation of the planned case and returns the one that showed most
/// often, the earlier one where two are equal: the case itself where nothing beats it. What each
/// gave is in `report.settings`.
thaw::Result<PlannedRun> best_setting(const SettingsHunt& hunt, const PlannedRun& planned,
                                      HuntReport& report);

/// Takes away what the case can do without and still show, one thing after another, until nothing
/// more can go. A step is taken at its first sighting, and refused after as many trials without
/// one as would have shown it with 95 % if it were half as likely as `report.result` says at
/// least; at most 12. Each step is in `report.steps`.
thaw::Result<PlannedRun> least_setting(const SettingsHunt& hunt, const PlannedRun& planned,
                                       HuntReport& report);

/// The case as it is now, as a file to repeat or to give to somebody: NAME-`what`.toml.
thaw::Result<std::filesystem::path> leave_case(const PlannedRun& changed, const char* what,
                                               const std::filesystem::path& directory);

}  // namespace lab
