#pragma once
// Slurm, by its own programs: sbatch, squeue, scancel.

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

struct SlurmTask {
  std::string job;  ///< of the array
  int index = 0;
  friend auto operator<=>(const SlurmTask&, const SlurmTask&) = default;
};

/// Fails with Environment, saying what to install, when a program is missing or the controller does
/// not answer.
thaw::Status check_slurm();

/// A job array with one task for each of `indices`, which runs `script` with SLURM_ARRAY_TASK_ID
/// set and writes what it prints to `log`, in which Slurm replaces %A and %a. `options`: more words
/// for sbatch. Fails with Environment, in Slurm's words.
thaw::Result<std::vector<SlurmTask>> submit_array(const std::filesystem::path& script,
                                                  const std::set<int>& indices,
                                                  const std::string& log,
                                                  const std::vector<std::string>& options);

/// Those of `tasks` that wait, run or end just now, with Slurm's word for it. One that is not here
/// is over, however it ended: what it left behind says that. Fails with Transient when the
/// controller does not answer.
thaw::Result<std::map<SlurmTask, std::string>> living_tasks(const std::set<SlurmTask>& tasks);

void cancel(const std::set<SlurmTask>& tasks);

}  // namespace lab
