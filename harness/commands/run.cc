// `thawlab run`: case files, or one case made of options, times kernels; each booted, captured,
// judged and reported. Everything that can be wrong with what was asked is found before the first
// guest boots.

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "harness/case/machine_rules.h"
#include "harness/case/suite.h"
#include "harness/commands/command.h"
#include "harness/commands/remote.h"
#include "harness/commands/resume.h"
#include "harness/commands/session.h"
#include "harness/commands/start.h"
#include "harness/plan/jobs.h"
#include "harness/plan/plan.h"
#include "harness/provision/userland.h"
#include "harness/report/status.h"
#include "harness/report/table.h"
#include "harness/results/origin.h"
#include "harness/results/store.h"
#include "harness/run/guest_plan.h"
#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

struct Options {
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
  std::string oracle;             ///< a name of OracleCounts; empty: as the cases say
  bool has_case_options = false;  ///< one of those that only make sense without a case file
};

bool is_case_file(const std::string& word) {
  return word.ends_with(".toml");
}

/// A case without a file.
Result<Case> case_of(const Options& options) {
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

Result<std::vector<Case>> named_cases(const Options& options) {
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

/// With what the options say of all of them.
Result<std::vector<Case>> cases_of(const Options& options) {
  std::vector<Case> cases = TRY(named_cases(options));
  for (Case& test : cases) {
    if (options.deterministic) test.machine.is_deterministic = true;
    if (!options.oracle.empty()) test.machine.oracle = *oracle_counts_from_name(options.oracle);
    TRY(check_machine(test));
  }
  return cases;
}

/// What only this build can say about a case: programs must be there.
Status check_case(const Case& test, const Programs& programs) {
  if (const std::string& image = test.subject.image; !image.empty())
    if (const auto spec = parse_userland(image); !spec)
      return std::unexpected(with_context(spec.error(), test.name));
  if (const auto plan = plan_guest(test, programs); !plan)
    return std::unexpected(with_context(plan.error(), test.name));
  return {};
}

/// A few cases by their names; more by the suite that has them all, else by how many they are.
std::string name_of(const std::vector<Case>& cases, const std::vector<std::string>& words) {
  constexpr size_t kMostNamed = 3;
  if (cases.size() > kMostNamed)
    return words.size() == 1 ? fs::path(words.front()).stem().string()
                             : fmt::format("{}-cases", cases.size());
  std::vector<std::string> names;
  for (const Case& test : cases) names.push_back(test.name);
  return fmt::format("{}", fmt::join(names, "+"));
}

/// The command that repeats one run.
std::string repeat_command(const Options& options, const PlannedRun& run) {
  std::vector<std::string> words{program_invocation_name, "run"};  // as it was typed
  if (!run.test.file.empty()) words.push_back(run.test.file.string());
  if (!options.machine.empty())
    words.insert(words.end(), {"--machine", options.machine});
  else
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

/// `out`: stderr when events have stdout for themselves.
void print_end(const Ledger& ledger, std::FILE* out) {
  const bool color = ::isatty(::fileno(out)) && !::getenv("NO_COLOR");
  fmt::print(out, "\n{}\nreport: {}\n", format_table(ledger.results(), color),
             (ledger.directory() / "report.html").string());
}

/// The list that --known names, else the known.toml beside each case file.
Result<KnownIssues> known_issues(const Options& options, const std::vector<Case>& cases) {
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

int jobs_for(const Options& options, const std::vector<PlannedRun>& plan) {
  const int asked = options.jobs == "auto" ? 0 : std::stoi(options.jobs);
  const Jobs jobs = fit_jobs(asked, plan, room_here());
  if (!jobs.warning.empty()) fmt::print(stderr, "thawlab: {}\n", jobs.warning);
  return jobs.count;
}

/// What is left of the plan, to its end or to Ctrl-C. `asked` decides how, `planned` what.
Result<int> carry_out(const Options& asked, const Options& planned,
                      const std::vector<PlannedRun>& plan, const Workplace& place,
                      const Remote* remote, Ledger& ledger, Chronicle& chronicle,
                      StatusBoard& board) {
  const std::atomic<bool>& cancelled = listen_to_signals();
  chronicle.begin(ledger.results(), ledger.directory());
  const auto done = done_in(ledger.results());
  board.say(fmt::format("{} run{} into {}{}", plan.size(), plan.size() == 1 ? "" : "s",
                        ledger.directory().string(),
                        done.empty() ? "" : fmt::format(", {} of them done", done.size())));
  TRY(run_session(plan, place.catalogue, place.programs, place.cache, ledger, cancelled,
                  {.jobs = jobs_for(asked, plan),
                   .is_terminal = is_live_terminal(stderr),
                   .keep = asked.keep,
                   .remote = remote,
                   .repeat = [&](const PlannedRun& run) { return repeat_command(planned, run); },
                   .chronicle = &chronicle,
                   .board = &board,
                   .done = done}));
  TRY(ledger.close(!cancelled));
  const int code = exit_code(ledger.results());
  chronicle.end(ledger.results(), code);
  print_end(ledger, asked.events == "-" ? stderr : stdout);
  if (!cancelled)
    for (const std::string& sentence : ledger.known().stale(!planned.known.empty()))
      fmt::print(stderr, "thawlab: {}\n", sentence);
  if (cancelled)
    fmt::print(stderr, "thawlab: interrupted; `thawlab run --resume {}` goes on\n",
               ledger.directory().string());
  return code;
}

/// A kept guest waits for a person: where there is none it would wait for ever.
Status check_keep(const Options& options) {
  if (!options.keep) return {};
  if (::isatty(STDIN_FILENO) == 0)
    return fail(ErrorKind::User,
                "--keep waits until a person has looked, and stdin is no terminal");
  if (options.jobs != "1")
    return fail(ErrorKind::User, "--keep is for one guest at a time: no --jobs");
  if (options.deterministic)
    return fail(ErrorKind::User,
                "--keep lets a person into the guest, and a deterministic one hears nobody");
  return {};
}

/// A machine that is there has one kernel, one job at a time, and is never this lab's to keep.
Status check_remote_options(const Options& options) {
  if (options.machine.empty() && !options.yes_freeze.empty())
    return fail(ErrorKind::User, "--yes-freeze is about the host of --machine ssh:HOST");
  if (options.machine.empty()) return {};
  if (!options.kernels.empty() || options.jobs != "1" || options.keep || options.deterministic ||
      !options.oracle.empty())
    return fail(
        ErrorKind::User,
        "--machine plays one case after another on the kernel that runs there: no --kernel, "
        "--jobs, --keep, --deterministic or --oracle");
  return {};
}

Result<std::optional<Remote>> find_machine(const Options& options, const Programs& programs,
                                           std::vector<Case>& cases) {
  TRY(check_remote_options(options));
  if (!options.machine.empty())
    return TRY(open_remote(options.machine, options.yes_freeze, programs, cases));
  for (const Case& test : cases) TRY(check_case(test, programs));
  return std::nullopt;
}

Result<int> begin(const Options& options) {
  TRY(check_keep(options));
  std::vector<Case> cases = TRY(cases_of(options));
  const Programs programs = TRY(Programs::beside_this());
  const std::optional<Remote> remote = TRY(find_machine(options, programs, cases));
  KnownIssues known = TRY(known_issues(options, cases));
  StatusBoard board(stderr, is_live_terminal(stderr));
  const Workplace place = TRY(Workplace::open(&board));
  const std::vector<std::string> kernels =
      remote ? std::vector<std::string>{remote->text} : options.kernels;
  const auto plan = TRY(plan_runs(cases,
                                  {.kernels = kernels,
                                   .repeat = options.repeat,
                                   .seed = options.seed,
                                   .same_seed = options.same_seed},
                                  [&](std::string_view pattern) -> Result<std::vector<KernelRef>> {
                                    if (remote) return std::vector<KernelRef>{remote->kernel};
                                    return place.catalogue.resolve(pattern);
                                  }));
  ResultSet results = new_session(name_of(cases, options.words), static_cast<int>(plan.size()));
  Chronicle chronicle = TRY(Chronicle::open(options.history, options.events));
  const fs::path directory = TRY(make_directory(options.out, results.name));
  Ledger ledger = TRY(Ledger::open(directory, std::move(results)));
  ledger.set_known(std::move(known));
  TRY(save_plan(TRY(describe_plan(cases, plan, programs)), directory));
  return carry_out(options, options, plan, place, remote ? &*remote : nullptr, ledger, chronicle,
                   board);
}

void add_options(CLI::App& app, const std::shared_ptr<Options>& options);

/// The options of the session that is resumed.
Result<Options> parse_again(const StoredPlan& stored) {
  CLI::App app;
  auto options = std::make_shared<Options>();
  add_options(app, options);
  try {
    app.parse(std::vector<std::string>(stored.arguments.rbegin(), stored.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return fail(ErrorKind::Corrupt, "plan.json: its arguments cannot be read: {}", error.what());
  }
  return *options;
}

Result<int> resume(const Options& options) {
  if (!options.words.empty() || !options.kernels.empty() || options.has_case_options)
    return fail(ErrorKind::User,
                "--resume goes on with the plan that is in {}; of other options it takes --jobs, "
                "--events and --history",
                options.resume);
  const fs::path directory = fs::absolute(options.resume).lexically_normal();
  ResultSet results = TRY(load_results(directory));
  const StoredPlan stored = TRY(load_plan(directory, results));
  const Options planned = TRY(parse_again(stored));
  if (!planned.machine.empty())
    return fail(ErrorKind::User,
                "{} was played on {}; such a session is not resumed: run the cases that are left",
                directory.string(), planned.machine);
  if (options.keep)
    return fail(ErrorKind::User, "--resume does not go with --keep; run the case by itself");
  Chronicle chronicle = TRY(Chronicle::open(options.history, options.events));
  // Case files and programs were named from there.
  std::error_code error;
  fs::current_path(stored.working_directory, error);
  if (error)
    return fail(ErrorKind::User, "{} was begun in {}, which is gone; run anew", directory.string(),
                stored.working_directory);
  const std::vector<Case> cases = TRY(cases_of(planned));
  const Programs programs = TRY(Programs::beside_this());
  TRY(check_unchanged(stored, TRY(describe_plan(cases, {}, programs)), directory));
  KnownIssues known = TRY(known_issues(planned, cases));
  StatusBoard board(stderr, is_live_terminal(stderr));
  const Workplace place = TRY(Workplace::open(&board));
  TRY(put_aside_unfinished(stored, results, directory));
  Ledger ledger = TRY(Ledger::open(directory, std::move(results)));
  ledger.set_known(std::move(known));
  return carry_out(options, planned, with_cases(stored, cases), place, nullptr, ledger, chronicle,
                   board);
}

Result<int> run(const Options& options) {
  return options.resume.empty() ? begin(options) : resume(options);
}

CLI::Validator jobs_word() {
  const CLI::Validator number = CLI::Range(1, 64);
  return CLI::Validator(
      [number](std::string& word) { return word == "auto" ? std::string() : number(word); }, "");
}

void add_options(CLI::App& app, const std::shared_ptr<Options>& options) {
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
                 "guests; asks before anything that can freeze it")
      ->type_name("ssh:HOST");
  app.add_option("--yes-freeze", options->yes_freeze,
                 "This host may freeze, nobody needs it: the answer to that question")
      ->type_name("HOST");
  app.add_option("-o,--out", options->out,
                 "Directory for the results; default: thaw-results/CASE-TIME")
      ->type_name("DIR");
  app.add_option("--resume", options->resume,
                 "Go on with an interrupted session: its plan, kernels and seeds; what has a "
                 "result is not run again")
      ->type_name("DIR");
  app.add_option("--known", options->known,
                 "Known issues, or none; default: the known.toml beside each case file")
      ->type_name("FILE");
  app.add_option("--events", options->events,
                 "Write a line of JSON per event as it happens (harness/results/SCHEMA.md); - is "
                 "standard output, and the table then goes to standard error")
      ->type_name("FILE|-");
  app.add_option("--history", options->history,
                 "History file, or none; default: $THAW_HISTORY, else thaw/history.sqlite in the "
                 "XDG data home")
      ->type_name("FILE");
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
  app.footer(
      "Examples:\n"
      "  thawlab run harness/cases/ringbuf-nmi.toml\n"
      "  thawlab run harness/cases/default-transport.toml --kernel 6.12 --repeat 3\n"
      "  thawlab run --kernel 6.12 --load switchstorm --nmi apic -- "
      "thaw record -a --clock nmi -d {duration_s} -o {capture}\n"
      "\nExit codes: 0 every verdict as expected; 1 another verdict; 2 usage; 69 could not be "
      "judged; 130 interrupted.");
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_options(app, options);
  return [options] { return run(*options); };
}

}  // namespace

const Command kRunCommand{"run", "boot kernels, run a capture under load in each, judge and report",
                          setup};

}  // namespace lab
