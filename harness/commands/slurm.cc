// No accounting database is asked: a small cluster has none. A task that the queue no longer knows
// is over, and whether it did its work is written in the results that it left.

#include "harness/commands/slurm.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "harness/provision/tool.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

Status check_slurm() {
  for (const char* program : {"sbatch", "squeue", "scancel"})
    if (find_program(program).empty())
      return fail(ErrorKind::Environment,
                  "{} is not installed (Debian: slurm-client); without a cluster, thawlab run "
                  "--shards does the same by hand",
                  program);
  const auto answer = run_tool({"squeue", "--noheader"});
  if (!answer) return std::unexpected(answer.error());
  if (answer->exit_code != 0)
    return fail(ErrorKind::Environment, "Slurm does not answer: {}", answer->last_words());
  return {};
}

Result<std::vector<SlurmTask>> submit_array(const std::filesystem::path& script,
                                            const std::set<int>& indices, const std::string& log,
                                            const std::vector<std::string>& options) {
  std::vector<std::string> command{"sbatch",
                                   "--parsable",
                                   "--no-requeue",
                                   "--job-name=thawlab",
                                   "--array=" + fmt::format("{}", fmt::join(indices, ",")),
                                   "--output=" + log};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(script.string());
  std::string job = TRY(output_of(command));
  job = job.substr(0, job.find_first_of(";\n"));  // "7;cluster"
  std::vector<SlurmTask> tasks;
  for (const int index : indices) tasks.push_back({job, index});
  return tasks;
}

Result<std::map<SlurmTask, std::string>> living_tasks(const std::set<SlurmTask>& tasks) {
  std::map<SlurmTask, std::string> living;
  if (tasks.empty()) return living;
  // One line a task, those that wait too.
  const auto queue = run_tool({"squeue", "--noheader", "--array", "--me", "--format=%F %K %T"});
  if (!queue) return std::unexpected(queue.error());
  if (queue->exit_code != 0)
    return fail(ErrorKind::Transient, "Slurm does not answer: {}", queue->last_words());
  std::istringstream lines(queue->output);
  SlurmTask task;
  std::string index;
  for (std::string state; lines >> task.job >> index >> state;) {
    const auto [end, error] =
        std::from_chars(index.data(), index.data() + index.size(), task.index);
    if (error == std::errc() && tasks.contains(task)) living[task] = state;
  }
  return living;
}

void cancel(const std::set<SlurmTask>& tasks) {
  std::vector<std::string> command{"scancel"};
  for (const SlurmTask& task : tasks) command.push_back(fmt::format("{}_{}", task.job, task.index));
  if (!tasks.empty()) static_cast<void>(run_tool(command));
}

}  // namespace lab
