#pragma once
// The options of `thawlab run`, and what they say: which cases, and how a run is repeated.

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/plan/plan.h"
#include "harness/results/known.h"
#include "profiler/base/errors.h"

namespace lab {

/// What `thawlab run` was asked, and `plan` and `submit`, which take the same words.
struct RunOptions {
  std::vector<std::string> words;  ///< case files, or the subject's command
  std::vector<std::string> kernels;
  std::string load;
  std::string nmi = "none";
  double nmi_rate_hz = Nmi{}.rate_hz;
  double duration_s = RunSpec{}.duration_s;
  int cpus = MachineSpec{}.cpus;
  int memory_mib = MachineSpec{}.memory_mib;
  std::string image;
  std::optional<uint64_t> seed;
  int repeat = 1;
  std::string jobs = "1";         ///< a number, or auto
  std::vector<std::string> only;  ///< names of cases; empty: all
  bool keep = false;
  std::string machine;     ///< "ssh:HOST"; empty: guests
  std::string yes_freeze;  ///< the name of a host that may freeze
  std::string out;
  std::string resume;   ///< results directory of an interrupted session
  std::string known;    ///< empty: beside the cases
  std::string history;  ///< empty: where it always is
  std::string events;
  bool same_seed = false;
  bool deterministic = false;
  std::string oracle;  ///< a name of OracleCounts; empty: as the cases say
  std::string engine = "slurm";
  int retries = 3;
  std::vector<std::string> engine_options;
  int shards = 1;
  int shard = 0;                  ///< from 1; 0: all that is planned
  bool has_case_options = false;  ///< one of those that only make sense without a case file
};

/// Those that decide what is run. `options` lives as long as the app.
void add_plan_options(CLI::App& app, const std::shared_ptr<RunOptions>& options);
/// How it is run: the rest of `thawlab run`.
void add_play_options(CLI::App& app, const std::shared_ptr<RunOptions>& options);
/// What only `submit` takes.
void add_submit_options(CLI::App& app, const std::shared_ptr<RunOptions>& options);
/// The option of `run`, `plan` and `submit` that names the directory.
void add_out_option(CLI::App& app, const std::shared_ptr<RunOptions>& options);
/// `--shard` without `--shards`, or beyond it. Fails with User.
thaw::Status check_shard(const RunOptions& options);

/// The cases that the words name, or the one that options make, each with what the options say of
/// all. Fails with User.
thaw::Result<std::vector<Case>> cases_of(const RunOptions& options);

/// Of a session: a few cases by their names; more by the suite that has them all, else by how many
/// they are.
std::string name_of(const std::vector<Case>& cases, const std::vector<std::string>& words);

/// The command that repeats one run.
std::string repeat_command(const RunOptions& options, const PlannedRun& run);

/// The list that --known names, else the known.toml beside each case file.
thaw::Result<KnownIssues> known_issues(const RunOptions& options, const std::vector<Case>& cases);

}  // namespace lab
