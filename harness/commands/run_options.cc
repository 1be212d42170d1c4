// What was asked of a session, read from the command line. One table of options serves `run`,
// `plan` and `submit`, so that what is planned by one can be run by the others.

#include "harness/commands/run_options.h"

#include <errno.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "harness/case/machine_rules.h"
#include "harness/case/suite.h"
#include "profiler/base/command_line.h"
#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

bool is_case_file(const std::string& word) {
  return word.ends_with(".toml");
}

/// A case without a file.
Result<Case> case_of(const RunOptions& options) {
  if (options.kernels.empty() && options.machine.empty())
    return fail(ErrorKind::User,
                "say which kernel to boot (--kernel 6.12), or name a case file; see --help");
  Case test;
  test.name = "command";
  test.kernels = options.kernels;
  if (!options.load.empty()) test.workload = TRY(thaw::split_command(options.load));
  test.subject.command = options.words;
  test.subject.image = options.image;
  const auto source = nmi_source_from_name(options.nmi);
  if (!source)
    return fail(ErrorKind::User, "--nmi {}: it is one of apic, pit, qmp, pmu, none", options.nmi);
  test.nmi.source = *source;
  test.nmi.rate_hz = options.nmi_rate_hz;
  test.run.duration_s = options.duration_s;
  test.machine.cpus = options.cpus;
  test.machine.memory_mib = options.memory_mib;
  if (test.workload.empty() && test.subject.command.empty())
    return fail(ErrorKind::User, "say what to run in it: --load switchstorm, or -- CMD, or both");
  return test;
}

Result<std::vector<Case>> named_cases(const RunOptions& options) {
  std::vector<Case> cases;
  if (options.words.empty() || !is_case_file(options.words.front())) {
    cases.push_back(TRY(case_of(options)));
    return cases;
  }
  if (options.has_case_options)
    return fail(
        ErrorKind::User,
        "--load, --nmi, --rate, --duration, --cpus, --memory and --image are for runs without a "
        "case file; the file says these");
  for (const std::string& word : options.words) {
    if (!is_case_file(word))
      return fail(ErrorKind::User, "'{}' is no case file (*.toml); a command stands alone", word);
    for (Case& test : TRY(load_cases(word))) cases.push_back(std::move(test));
  }
  if (!options.only.empty()) {
    std::erase_if(cases, [&](const Case& test) {
      return std::ranges::find(options.only, test.name) == options.only.end();
    });
    if (cases.empty())
      return fail(ErrorKind::User, "--only {}: no file named here has such a case",
                  fmt::join(options.only, " --only "));
  }
  return cases;
}

CLI::Validator jobs_word() {
  const CLI::Validator number = CLI::Range(1, 64);
  return CLI::Validator(
      [number](std::string& word) { return word == "auto" ? std::string() : number(word); }, "");
}

}  // namespace

Result<std::vector<Case>> cases_of(const RunOptions& options) {
  std::vector<Case> cases = TRY(named_cases(options));
  for (Case& test : cases) {
    if (options.deterministic) test.machine.is_deterministic = true;
    if (!options.oracle.empty()) test.machine.oracle = *oracle_counts_from_name(options.oracle);
    TRY(check_machine(test));
  }
  return cases;
}

std::string name_of(const std::vector<Case>& cases, const std::vector<std::string>& words) {
  constexpr size_t kMostNamed = 3;
  if (cases.size() > kMostNamed)
    return words.size() == 1 ? fs::path(words.front()).stem().string()
                             : fmt::format("{}-cases", cases.size());
  std::vector<std::string> names;
  for (const Case& test : cases) names.push_back(test.name);
  return fmt::format("{}", fmt::join(names, "+"));
}

std::string repeat_command(const RunOptions& options, const PlannedRun& run) {
  std::vector<std::string> words{program_invocation_name, "run"};  // as it was typed
  if (!run.test.file.empty()) words.push_back(run.test.file.string());
  if (!options.machine.empty()) words.insert(words.end(), {"--machine", options.machine});
  if (options.machine.empty() || options.machine.ends_with(".toml"))
    words.insert(words.end(), {"--kernel", run.exact_pattern()});
  words.insert(words.end(), {"--seed", std::to_string(run.seed)});
  if (options.deterministic) words.emplace_back("--deterministic");
  if (!options.oracle.empty()) words.push_back("--oracle=" + options.oracle);
  if (!run.test.file.empty()) {
    // A variant that a suite made is found in the suite, among others.
    if (const auto all = load_cases(run.test.file); all && all->size() > 1)
      words.insert(words.end(), {"--only", run.test.name});
    return thaw::join_command(words);
  }
  if (!options.load.empty()) words.insert(words.end(), {"--load", options.load});
  words.insert(words.end(),
               {"--nmi", options.nmi, "--rate", fmt::format("{}", options.nmi_rate_hz),
                "--duration", fmt::format("{}", options.duration_s), "--cpus",
                std::to_string(options.cpus), "--memory", std::to_string(options.memory_mib)});
  if (!options.image.empty()) words.insert(words.end(), {"--image", options.image});
  if (!options.words.empty()) words.push_back("--");
  words.insert(words.end(), options.words.begin(), options.words.end());
  return thaw::join_command(words);
}

Result<KnownIssues> known_issues(const RunOptions& options, const std::vector<Case>& cases) {
  KnownIssues known;
  if (options.known == "none") return known;
  if (!options.known.empty()) {
    TRY(known.read(options.known));
    return known;
  }
  std::set<fs::path> files;
  for (const Case& test : cases)
    if (!test.file.empty()) files.insert(fs::absolute(test.file).parent_path() / "known.toml");
  std::error_code ignored;
  for (const fs::path& file : files)
    if (fs::exists(file, ignored)) TRY(known.read(file));
  return known;
}

void add_plan_options(CLI::App& app, const std::shared_ptr<RunOptions>& options) {
  app.add_option("CASE|CMD", options->words,
                 "Case files or suites (*.toml), or after -- the command under test");
  app.add_option("-k,--kernel", options->kernels,
                 "Kernels to boot instead of the case's: 6.12, 6.17.8, 'debian:6.1*', "
                 "local:PATH; may be repeated")
      ->type_name("PATTERN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--only", options->only, "Of the files' cases only this; may be repeated")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("-r,--repeat", options->repeat, "Times to run each; seeds count up")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seed", options->seed, "Seed of the first repetition");
  app.add_flag("--same-seed", options->same_seed,
               "Repetitions do not count up: all have the same seed, and deterministic ones must "
               "then be equal");
  app.add_flag(
      "--deterministic", options->deterministic,
      "The guest's clock counts instructions: the same case, seed and kernel make the same "
      "capture, to the last bit, however busy this host is");
  app.add_flag(
         "--oracle{functions}", options->oracle,
         "Count every instruction of the guest from outside, per function and thread "
         "(oracle.json), and hold the capture against it; --oracle=totals only how many there "
         "are, =exact the same without the small error of counting whole blocks")
      ->check(CLI::IsMember({"functions", "totals", "exact", "none"}));
  app.add_option("--known", options->known,
                 "Known issues, or none; default: the known.toml beside each case file")
      ->type_name("FILE");
  app.add_option("--shards", options->shards,
                 "Divide the plan among so many machines, the same on each of them; `thawlab "
                 "merge` joins what they have")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--shard", options->shard, "Of these the part of this machine, from 1")
      ->type_name("I")
      ->check(CLI::Range(1, 10'000));
  const auto alone = [&](CLI::Option* option) {
    option->group("Without a case file")->each([options](const std::string&) {
      options->has_case_options = true;
    });
  };
  alone(app.add_option("-l,--load", options->load, "Workload, such as 'switchstorm --pairs 4'"));
  alone(
      app.add_option("--nmi", options->nmi, "NMI source in the guest: apic, pit, qmp, pmu or none")
          ->capture_default_str());
  alone(app.add_option("--rate", options->nmi_rate_hz, "NMIs a second")
            ->check(thaw::number_between(0.001, 100'000))
            ->capture_default_str());
  alone(app.add_option("-d,--duration", options->duration_s, "Seconds under load")
            ->check(thaw::number_between(0.1, 86'400))
            ->capture_default_str());
  alone(app.add_option("--cpus", options->cpus, "CPUs of the guest")
            ->check(CLI::Range(1, 255))
            ->capture_default_str());
  alone(app.add_option("--memory", options->memory_mib, "MiB of the guest")
            ->check(CLI::Range(128, 1 << 20))
            ->capture_default_str());
  alone(app.add_option("--image", options->image,
                       "Userland for the command: debian:SUITE+PACKAGE+…, such as "
                       "debian:bookworm+linux-perf")
            ->type_name("IMAGE"));
}

void add_play_options(CLI::App& app, const std::shared_ptr<RunOptions>& options) {
  app.add_option("-j,--jobs", options->jobs,
                 "Guests at once, or auto: as many as do not disturb each other. More than the "
                 "host's cores / CPUs of a guest makes verdicts `infra: host too busy`; more than "
                 "fit into its memory are not started")
      ->type_name("N|auto")
      ->check(jobs_word())
      ->capture_default_str();
  app.add_flag("--keep", options->keep,
               "Leave a guest whose verdict was not expected running, to enter it with `thawlab "
               "shell --attach`; Enter or Ctrl-C ends it");
  app.add_option("--machine", options->machine,
                 "Play on the kernel that this host runs, ssh:[USER@]HOST[:PORT], instead of in "
                 "guests; asks before anything that can freeze it. FILE.toml: boot the kernels "
                 "on the machine that it describes (harness/metal/README.md)")
      ->type_name("ssh:HOST|FILE");
  app.add_option("--yes-freeze", options->yes_freeze,
                 "This host may freeze, nobody needs it: the answer to that question")
      ->type_name("HOST");
  app.add_option("--resume", options->resume,
                 "Go on with an interrupted session: its plan, kernels and seeds; what has a "
                 "result is not run again")
      ->type_name("DIR");
  app.add_option("--events", options->events,
                 "Write a line of JSON per event as it happens (harness/results/SCHEMA.md); - is "
                 "standard output, and the table then goes to standard error")
      ->type_name("FILE|-");
  app.add_option("--history", options->history,
                 "History file, or none; default: $THAW_HISTORY, else thaw/history.sqlite in the "
                 "XDG data home")
      ->type_name("FILE");
}

void add_out_option(CLI::App& app, const std::shared_ptr<RunOptions>& options) {
  app.add_option("-o,--out", options->out,
                 "Directory for the results; default: thaw-results/CASE-TIME")
      ->type_name("DIR");
}

void add_submit_options(CLI::App& app, const std::shared_ptr<RunOptions>& options) {
  app.add_option("--engine", options->engine,
                 "What brings shards to machines: slurm, as a job array")
      ->check(CLI::IsMember({"slurm"}))
      ->capture_default_str();
  app.add_option(
         "--retries", options->retries,
         "Times to give a shard to another machine when it was lost; it goes on where it was")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--engine-option", options->engine_options,
                 "A word for sbatch, such as --engine-option=--partition=lab; may be repeated")
      ->type_name("WORD")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

thaw::Status check_shard(const RunOptions& options) {
  if (options.shard > options.shards)
    return fail(ErrorKind::User, "--shard {} of --shards {}: there are only that many",
                options.shard, options.shards);
  return {};
}

}  // namespace lab
