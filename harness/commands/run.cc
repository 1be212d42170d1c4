// `thawlab run`: case files, or one case made of options, times kernels; each booted, captured,
// judged and reported. Everything that can be wrong with what was asked is found before the first
// guest boots.

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "harness/commands/command.h"
#include "harness/commands/metal.h"
#include "harness/commands/planning.h"
#include "harness/commands/remote.h"
#include "harness/commands/resume.h"
#include "harness/commands/run_options.h"
#include "harness/commands/session.h"
#include "harness/commands/start.h"
#include "harness/metal/metal_host.h"
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

/// `out`: stderr when events have stdout for themselves.
void print_end(const Ledger& ledger, std::FILE* out) {
  const bool color = ::isatty(::fileno(out)) && !::getenv("NO_COLOR");
  fmt::print(out, "\n{}\nreport: {}\n", format_table(ledger.results(), color),
             (ledger.directory() / "report.html").string());
}

int jobs_for(const RunOptions& options, const std::vector<PlannedRun>& plan) {
  const int asked = options.jobs == "auto" ? 0 : std::stoi(options.jobs);
  const Jobs jobs = fit_jobs(asked, plan, room_here());
  if (!jobs.warning.empty()) fmt::print(stderr, "thawlab: {}\n", jobs.warning);
  return jobs.count;
}

/// Where runs are played; neither: in guests.
struct Machines {
  std::optional<Remote> remote;
  std::unique_ptr<MetalHost> metal;
};

/// The machine is left as it was found, whatever came before.
Status close_metal(const Machines& machines, StatusBoard& board) {
  if (!machines.metal) return {};
  board.say(fmt::format("{}", TRY(machines.metal->close())));
  return {};
}

/// What is left of the plan, to its end or to Ctrl-C. `asked` decides how, `planned` what.
Result<int> carry_out(const RunOptions& asked, const RunOptions& planned,
                      const std::vector<PlannedRun>& plan, const Workplace& place,
                      const Machines& machines, Ledger& ledger, Chronicle& chronicle,
                      StatusBoard& board) {
  const std::atomic<bool>& cancelled = listen_to_signals();
  if (machines.metal) TRY(machines.metal->work_in(ledger.directory()));
  chronicle.begin(ledger.results(), ledger.directory());
  const auto done = done_in(ledger.results());
  board.say(fmt::format("{} run{} into {}{}", plan.size(), plan.size() == 1 ? "" : "s",
                        ledger.directory().string(),
                        done.empty() ? "" : fmt::format(", {} of them done", done.size())));
  const Status played =
      run_session(plan, place.catalogue, place.programs, place.cache, ledger, cancelled,
                  {.jobs = jobs_for(asked, plan),
                   .is_terminal = is_live_terminal(stderr),
                   .keep = asked.keep,
                   .remote = machines.remote ? &*machines.remote : nullptr,
                   .metal = machines.metal.get(),
                   .repeat = [&](const PlannedRun& run) { return repeat_command(planned, run); },
                   .chronicle = &chronicle,
                   .board = &board,
                   .done = done});
  const Status left = close_metal(machines, board);
  TRY(played);
  ledger.set_trends(chronicle.trends(ledger.results()));
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
  TRY(left);
  return code;
}

/// A kept guest waits for a person: where there is none it would wait for ever.
Status check_keep(const RunOptions& options) {
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

/// A machine plays one case after another, and is never this lab's to keep.
Status check_remote_options(const RunOptions& options) {
  if (options.machine.empty() && !options.yes_freeze.empty())
    return fail(ErrorKind::User, "--yes-freeze is about the host of --machine");
  if (options.machine.empty()) return {};
  if (options.jobs != "1" || options.keep || options.deterministic || !options.oracle.empty())
    return fail(ErrorKind::User,
                "--machine plays one case after another: no --jobs, --keep, --deterministic or "
                "--oracle");
  if (!options.kernels.empty() && !is_machine_file(options.machine))
    return fail(ErrorKind::User,
                "--machine {} plays on the kernel that runs there: no --kernel; a machine file "
                "(*.toml) says how other kernels are booted on it",
                options.machine);
  return {};
}

/// Everything that can be refused before the machine is touched.
Result<Machines> find_machine(const RunOptions& options, const fs::path& resumed,
                              const Programs& programs, std::vector<Case>& cases) {
  TRY(check_remote_options(options));
  Machines machines;
  if (options.machine.empty()) {
    TRY(check_cases(cases, programs));
  } else if (is_machine_file(options.machine)) {
    MachineFile file = TRY(open_machine_file(options.machine, options.yes_freeze, programs, cases));
    fmt::print(stderr, "reaching {}\n", file.name());
    machines.metal = TRY(MetalHost::open(std::move(file), resumed, listen_to_signals()));
  } else {
    machines.remote = TRY(open_remote(options.machine, options.yes_freeze, programs, cases));
  }
  return machines;
}

/// A machine has the kernel that it has.
Result<std::vector<PlannedRun>> plan_for(const Remote& remote, const RunOptions& options,
                                         const std::vector<Case>& cases) {
  return plan_runs(cases,
                   {.kernels = {remote.text}, .repeat = options.repeat, .seed = options.seed},
                   [&](std::string_view) { return std::vector<KernelRef>{remote.kernel}; });
}

Result<int> begin(const RunOptions& options) {
  TRY(check_keep(options));
  TRY(check_shard(options));
  if (options.shards > 1 && options.shard == 0)
    return fail(ErrorKind::User,
                "--shards {}: say which of them this machine plays, --shard 1 to {}",
                options.shards, options.shards);
  std::vector<Case> cases = TRY(cases_of(options));
  const Programs programs = TRY(Programs::beside_this());
  const Machines machines = TRY(find_machine(options, {}, programs, cases));
  KnownIssues known = TRY(known_issues(options, cases));
  StatusBoard board(stderr, is_live_terminal(stderr));
  const Workplace place = TRY(Workplace::open(&board));
  auto plan = TRY(machines.remote ? plan_for(*machines.remote, options, cases)
                                  : plan_for_guests(options, cases, place));
  if (machines.metal) group_by_kernel(plan);
  StoredPlan stored = TRY(describe_plan(cases, plan, programs));
  if (options.shards > 1) stored = share_of(stored, options.shard, options.shards);
  ResultSet results =
      new_session(name_of(cases, options.words), static_cast<int>(stored.runs.size()));
  Chronicle chronicle = TRY(Chronicle::open(options.history, options.events));
  const fs::path directory = TRY(make_directory(options.out, results.name));
  Ledger ledger = TRY(Ledger::open(directory, std::move(results)));
  ledger.set_known(std::move(known));
  TRY(save_plan(stored, directory));
  return carry_out(options, options, stored.runs, place, machines, ledger, chronicle, board);
}

/// The options of the session that is resumed.
Result<RunOptions> parse_again(const StoredPlan& stored) {
  CLI::App app;
  auto options = std::make_shared<RunOptions>();
  add_plan_options(app, options);
  add_play_options(app, options);
  add_out_option(app, options);
  add_submit_options(app, options);
  app.add_flag("--json");  // of `plan`
  try {
    app.parse(std::vector<std::string>(stored.arguments.rbegin(), stored.arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return fail(ErrorKind::Corrupt, "plan.json: its arguments cannot be read: {}", error.what());
  }
  return *options;
}

Result<int> resume(const RunOptions& options) {
  if (!options.words.empty() || !options.kernels.empty() || options.has_case_options)
    return fail(ErrorKind::User,
                "--resume goes on with the plan that is in {}; of other options it takes --jobs, "
                "--events and --history",
                options.resume);
  const fs::path directory = fs::absolute(options.resume).lexically_normal();
  ResultSet results = TRY(load_results(directory));
  const StoredPlan stored = TRY(load_plan(directory, results));
  const RunOptions planned = TRY(parse_again(stored));
  if (!planned.machine.empty() && !is_machine_file(planned.machine))
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
  std::vector<Case> cases = TRY(cases_of(planned));
  const Programs programs = TRY(Programs::beside_this());
  TRY(check_unchanged(stored, TRY(describe_plan(cases, {}, programs)), directory));
  Machines machines;
  if (!planned.machine.empty()) machines = TRY(find_machine(planned, directory, programs, cases));
  KnownIssues known = TRY(known_issues(planned, cases));
  StatusBoard board(stderr, is_live_terminal(stderr));
  const Workplace place = TRY(Workplace::open(&board));
  TRY(put_aside_unfinished(stored, results, directory));
  Ledger ledger = TRY(Ledger::open(directory, std::move(results)));
  ledger.set_known(std::move(known));
  return carry_out(options, planned, with_cases(stored, cases), place, machines, ledger, chronicle,
                   board);
}

Result<int> run(const RunOptions& options) {
  return options.resume.empty() ? begin(options) : resume(options);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<RunOptions>();
  add_plan_options(app, options);
  add_play_options(app, options);
  add_out_option(app, options);
  app.footer(
      "Examples:\n"
      "  thawlab run harness/cases/ringbuf-nmi.toml\n"
      "  thawlab run harness/cases/default-transport.toml --kernel 6.12 --repeat 3\n"
      "  thawlab run --kernel 6.12 --load switchstorm --nmi apic -- "
      "thaw record -a --clock nmi -d {duration_s} -o {capture}\n"
      "\nExit codes: 0 every verdict as expected and no measure worse than in earlier sessions; 1 "
      "not so; 2 usage; 69 could not be judged; 130 interrupted.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kRunCommand{"run", "boot kernels, run a capture under load in each, judge and report",
                          setup};

}  // namespace lab
