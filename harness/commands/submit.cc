// `thawlab submit`: one plan on many machines. Slurm brings a shard to a machine; what a shard is,
// how it goes on after an interruption and how shards become one is what plan, run --resume and
// merge do on one machine, too. So nothing here knows what a run is: a shard has ended when its
// results say that they are finished, and one whose task is over without that was lost (a node went
// down, somebody cancelled it, its time was up) and is given to another machine, where it goes on.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <sstream>
#include <thread>

#include "harness/commands/command.h"
#include "harness/commands/merging.h"
#include "harness/commands/planning.h"
#include "harness/commands/resume.h"
#include "harness/commands/slurm.h"
#include "harness/report/status.h"
#include "harness/results/store.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

constexpr auto kLook = std::chrono::seconds(2);
/// A controller that is restarted answers again within a minute.
constexpr int kMostSilences = 60;
/// Of the results directory: the tasks that were in the queue last.
constexpr const char* kTasks = "tasks";

/// Slurm keeps a copy: the file may go. exec: so that a cancelled task's signal reaches thawlab,
/// which then ends its guests.
Status write_script(const fs::path& file, const RunOptions& options, const fs::path& directory) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const std::string text = fmt::format(
      "#!/bin/sh\nexec {} run --resume {}/shard-\"$SLURM_ARRAY_TASK_ID\" --jobs {} --history "
      "none\n",
      thaw::join_command({self.string()}), thaw::join_command({directory.string()}), options.jobs);
  TRY(thaw::write_file(file, text));
  ::chmod(file.c_str(), 0755);
  return {};
}

class Submission {
 public:
  Submission(fs::path directory, const RunOptions& options, StatusBoard& board)
      : directory_(std::move(directory)), options_(options), board_(board) {}

  /// Until all shards are finished, or what is left was lost too often, or Ctrl-C.
  Status play(int shards, const std::atomic<bool>& cancelled) {
    for (int shard = 1; shard <= shards; shard++)
      if (!is_finished(shard)) open_.insert(shard);
    script_ = directory_ / "shard.sh";
    TRY(write_script(script_, options_, directory_));
    TRY(adopt());
    TRY(submit());
    while ((!tasks_.empty() || !open_.empty()) && !cancelled) {
      std::this_thread::sleep_for(kLook);
      TRY(look());
    }
    if (!cancelled) return {};
    cancel(tasks_);
    for (int silences = 0; !tasks_.empty() && silences < kMostSilences; silences++) {
      std::this_thread::sleep_for(kLook);
      if (const auto living = living_tasks(tasks_); living && living->empty()) tasks_.clear();
    }
    return {};
  }

 private:
  bool is_finished(int shard) const {
    const auto results = load_results(shard_directory(directory_, shard));
    return results && results->finished;
  }

  /// Tasks of an earlier submit that ended before they did still play their shards.
  Status adopt() {
    std::istringstream lines(thaw::read_file(directory_ / kTasks).value_or(""));
    std::set<SlurmTask> known;
    for (SlurmTask task; lines >> task.job >> task.index;)
      if (open_.contains(task.index)) known.insert(task);
    for (const auto& [task, state] : TRY(living_tasks(known))) {
      tasks_.insert(task);
      open_.erase(task.index);
    }
    return {};
  }

  /// The shards that nobody plays.
  Status submit() {
    if (open_.empty()) return {};
    const auto tasks = TRY(submit_array(
        script_, open_, (log_directory() / "shard-%a.%A.log").string(), options_.engine_options));
    tasks_.insert(tasks.begin(), tasks.end());
    board_.say(fmt::format("job {}: shard{} {}", tasks.front().job, open_.size() == 1 ? "" : "s",
                           fmt::join(open_, ", ")));
    open_.clear();
    return keep_tasks();
  }

  Status keep_tasks() const {
    std::string text;
    for (const SlurmTask& task : tasks_) text += fmt::format("{} {}\n", task.job, task.index);
    return thaw::write_file(directory_ / kTasks, text);
  }

  /// Slurm replaces what begins with %.
  fs::path log_directory() const {
    std::string text = directory_.string();
    for (size_t at = 0; (at = text.find('%', at)) != std::string::npos; at += 2)
      text.insert(at, "%");
    return text;
  }

  Status look() {
    const auto living = living_tasks(tasks_);
    if (!living) return await_answer(living.error());
    for (auto task = tasks_.begin(); task != tasks_.end();) {
      if (living->contains(*task)) {
        ++task;
        continue;
      }
      settle(*task);
      task = tasks_.erase(task);
    }
    show(*living);
    if (const Status submitted = submit(); !submitted) return await_answer(submitted.error());
    silences_ = 0;
    return {};
  }

  /// A controller that is restarted neither tells nor takes anything.
  Status await_answer(const thaw::Error& error) {
    if (++silences_ > kMostSilences) return std::unexpected(error);
    return {};
  }

  /// A task is over.
  void settle(const SlurmTask& task) {
    const int shard = task.index;
    if (is_finished(shard)) {
      board_.say(fmt::format("shard {} is finished", shard));
      return;
    }
    const bool is_left = lost_[shard]++ < options_.retries;
    board_.say(fmt::format("shard {} was lost, {}: {}", shard,
                           is_left ? "it goes on elsewhere" : "given up", last_words_of(task)));
    if (is_left) open_.insert(shard);
  }

  /// What it printed last: Slurm says there when it was cancelled or its time was up.
  std::string last_words_of(const SlurmTask& task) const {
    const fs::path log = directory_ / fmt::format("shard-{}.{}.log", task.index, task.job);
    std::string text = thaw::read_file(log).value_or("");
    text.erase(text.find_last_not_of(" \n") + 1);
    return text.empty() ? log.string() : text.substr(text.rfind('\n') + 1);
  }

  void show(const std::map<SlurmTask, std::string>& living) {
    std::map<std::string, int> states;
    for (const auto& [task, state] : living) states[state]++;
    std::string text;
    for (const auto& [state, count] : states)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
    if (text != said_) board_.total(said_ = text);
  }

  fs::path directory_;
  const RunOptions& options_;
  StatusBoard& board_;
  fs::path script_;
  std::set<int> open_;  ///< shards without all their results that nobody plays
  std::set<SlurmTask> tasks_;
  std::map<int, int> lost_;
  int silences_ = 0;
  std::string said_;
};

Result<fs::path> begin(const RunOptions& options) {
  const auto [name, whole] = TRY(plan_whole(options));
  const fs::path directory = TRY(make_directory(options.out, name));
  TRY(make_shards(whole, options.shards, name, directory));
  return directory;
}

int shards_in(const fs::path& directory) {
  int shards = 0;
  std::error_code ignored;
  while (fs::exists(shard_directory(directory, shards + 1) / kPlanFile, ignored)) shards++;
  return shards;
}

Result<int> run(const RunOptions& options) {
  if (options.shard != 0)
    return fail(ErrorKind::User, "submit plays all shards; `thawlab run --shard` plays one");
  if (options.keep || !options.machine.empty() || !options.yes_freeze.empty() ||
      !options.events.empty())
    return fail(
        ErrorKind::User,
        "submit plays guests that nobody enters: no --keep, --machine, --yes-freeze or --events");
  TRY(check_slurm());
  StatusBoard board(stderr, is_live_terminal(stderr));
  const fs::path directory = options.resume.empty()
                                 ? TRY(begin(options))
                                 : fs::absolute(options.resume).lexically_normal();
  const int shards = shards_in(directory);
  if (shards == 0)
    return fail(ErrorKind::User, "{} holds no shards: it was not made by submit or plan",
                directory.string());
  const std::atomic<bool>& cancelled = listen_to_signals();
  board.say(fmt::format("{} shard{} into {}", shards, shards == 1 ? "" : "s", directory.string()));
  Submission submission(directory, options, board);
  TRY(submission.play(shards, cancelled));
  std::vector<fs::path> parts;
  for (int shard = 1; shard <= shards; shard++) parts.push_back(shard_directory(directory, shard));
  return tell(TRY(merge_directories(parts, directory)), directory, options.history,
              fmt::format("`thawlab submit --resume {}` goes on", directory.string()));
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<RunOptions>();
  add_plan_options(app, options);
  add_submit_options(app, options);
  add_play_options(app, options);
  add_out_option(app, options);
  for (const char* not_here : {"--shard", "--keep", "--machine", "--yes-freeze", "--events"})
    app.get_option(not_here)->group("");
  app.footer(
      "Examples:\n"
      "  thawlab submit harness/cases/nightly.toml --shards 8 --out night\n"
      "  thawlab submit --resume night                       # after Ctrl-C, or when shards were "
      "given up\n"
      "\nThe results directory, thawlab and the case files must be seen by all machines under the "
      "same paths.\n"
      "Exit codes: as `thawlab run`; 130 when runs are missing and the others are as expected.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kSubmitCommand{"submit", "play a plan on many machines, by Slurm", setup};

}  // namespace lab
