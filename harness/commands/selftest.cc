// `thawlab selftest`: makes things go wrong on purpose, in real guests and around them, and asks of
// each whether it got the verdict it should. What is injected and what is right stands in
// harness/selftest; here it is run, one guest at a time, since guests disturb each other.

#include <algorithm>
#include <memory>

#include "harness/commands/command.h"
#include "harness/commands/start.h"
#include "harness/report/ledger.h"
#include "harness/results/origin.h"
#include "harness/selftest/check.h"
#include "harness/selftest/faults.h"
#include "harness/selftest/grade.h"
#include "harness/selftest/report.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

/// A guest under test is silent for 8 s at most before it goes on; what hangs is given up after
/// this instead of the minute that an unknown subject gets. The kernel's watchdogs, and the proof
/// of a hang, come before it (run/hang.h).
constexpr thaw::Milliseconds kSilence{32'000};

struct Options {
  std::vector<std::string> only;
  std::vector<std::string> kernels{"6.12"};
  uint64_t seed = 1;
  int clean_runs = CheckOptions{}.clean_runs;
  std::string out;
  bool list = false;
  bool json = false;
};

Result<std::vector<Check>> chosen_checks(const Options& options, const Programs& programs) {
  std::vector<Check> all =
      all_checks({.mishap = programs.workloads / "mishap", .clean_runs = options.clean_runs});
  if (options.only.empty()) return all;
  std::vector<Check> chosen;
  for (const std::string& name : options.only) {
    const auto found = std::ranges::find(all, name, &Check::name);
    if (found == all.end())
      return fail(ErrorKind::User, "there is no check '{}'; `thawlab selftest --list` has them",
                  name);
    chosen.push_back(*found);
  }
  return chosen;
}

/// The kernels meant, each once. Fails when a pattern means none: a self-test of nothing is green.
Result<std::vector<KernelRef>> kernels_of(const Catalogue& catalogue,
                                          const std::vector<std::string>& patterns) {
  std::vector<KernelRef> kernels;
  for (const std::string& pattern : patterns)
    for (const KernelRef& ref : TRY(catalogue.resolve(pattern))) {
      const auto is_it = [&](const KernelRef& other) {
        return other.release == ref.release && other.version == ref.version;
      };
      if (std::ranges::none_of(kernels, is_it)) kernels.push_back(ref);
    }
  return kernels;
}

/// Everything that the runs share.
class Selftest {
 public:
  Selftest(const Options& options, const Workplace& place, std::vector<KernelRef> kernels,
           Ledger ledger, const std::atomic<bool>& cancelled)
      : options_(options),
        place_(place),
        kernels_(std::move(kernels)),
        ledger_(std::move(ledger)),
        cancelled_(cancelled),
        line_(stderr, is_live_terminal(stderr)) {}

  Status run(const std::vector<Check>& checks);
  const std::vector<GradedCheck>& graded() const { return graded_; }
  Status close() { return ledger_.close(!cancelled_); }

 private:
  Status run_check(const Check& check, GradedCheck& graded);
  Result<GradedRun> run_once(const Check& check, const KernelRef& kernel, int repetition);
  PlannedRun planned(const Check& check, const KernelRef& kernel, int repetition) const;
  std::string repeat_command(const Check& check, const PlannedRun& run) const;
  Status save() const;

  const Options& options_;
  const Workplace& place_;
  std::vector<KernelRef> kernels_;
  Ledger ledger_;
  const std::atomic<bool>& cancelled_;
  StatusLine line_;
  std::vector<GradedCheck> graded_;
};

/// A pattern that means this kernel and no other.
std::string pattern_of(const KernelRef& kernel) {
  return kernel.version.empty() ? kernel.release : kernel.provider + ":" + kernel.release;
}

PlannedRun Selftest::planned(const Check& check, const KernelRef& kernel, int repetition) const {
  PlannedRun run{.test = check.test,
                 .pattern = pattern_of(kernel),
                 .kernel = kernel,
                 .expected = check.right.front(),
                 .or_expected = check.right,
                 .expected_reason = check.why,
                 .seed = options_.seed + static_cast<uint64_t>(repetition),
                 .repetition = repetition + 1,
                 .id = check.name + "-" + kernel.release};
  if (check.runs > 1) run.id += fmt::format("-{}", repetition + 1);
  run.test.run.seed = run.seed;
  return run;
}

std::string Selftest::repeat_command(const Check& check, const PlannedRun& run) const {
  std::vector<std::string> words{
      program_invocation_name, "selftest", "--only", check.name, "--kernel", run.pattern, "--seed",
      std::to_string(run.seed)};
  if (check.runs > 1) words.insert(words.end(), {"--clean-runs", "1"});
  return thaw::join_command(words);
}

Result<GradedRun> Selftest::run_once(const Check& check, const KernelRef& kernel, int repetition) {
  const PlannedRun run = planned(check, kernel, repetition);
  const fs::path directory = ledger_.directory() / run.id;
  std::optional<SmallDisk> disk;
  if (check.fault == HostFault::fill_disk) disk.emplace(TRY(SmallDisk::mount(directory)));
  std::optional<BusyHost> busy;
  if (check.busy_per_cpu > 0) busy.emplace(check.busy_per_cpu);

  RunRequest request =
      TRY(request_for(run, place_.catalogue, place_.programs, place_.cache, cancelled_, line_));
  request.directory = directory;
  request.limits.silence = kSilence;
  if (!check.agent_mishap.empty()) request.agent_mishap = check.agent_mishap;
  Shown shown(line_, run.test.run.duration_s, is_live_terminal(stderr));
  Evidence evidence;
  {
    Saboteur saboteur(check.fault, directory, shown);
    evidence = execute(request, saboteur);
  }
  busy.reset();
  if (disk) TRY(disk->release());
  TRY(spoil_files(check.fault, evidence));
  const RunResult* result = TRY(ledger_.record(run, evidence, repeat_command(check, run)));
  return grade(check, *result, evidence.subject.output_tail,
               evidence.load_guest ? evidence.load_guest->start_ns : 0);
}

Status Selftest::run_check(const Check& check, GradedCheck& graded) {
  for (const KernelRef& kernel : kernels_) {
    for (int repetition = 0; repetition < check.runs && !cancelled_; repetition++) {
      line_.begin(
          fmt::format("{} on {}{}", check.name, kernel.release,
                      check.runs > 1 ? fmt::format(" {}/{}", repetition + 1, check.runs) : ""));
      auto run = run_once(check, kernel, repetition);
      if (cancelled_) return {};  // an interrupted run is no result
      if (!run) {
        graded.skipped = run.error().message;
        line_.end(fmt::format("{}: could not be made: {}", check.name, graded.skipped));
        return {};
      }
      line_.end(fmt::format("{:<9} {}  {}: {}", run->wrong.empty() ? "right" : "WRONG", run->id,
                            name_of(run->verdict), run->reason));
      graded.runs.push_back(std::move(*run));
      TRY(save());
    }
  }
  return {};
}

Status Selftest::save() const {
  TRY(thaw::write_file(ledger_.directory() / "selftest.json", selftest_json(graded_)));
  return thaw::write_file(ledger_.directory() / "selftest.html", selftest_page(graded_));
}

Status Selftest::run(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    if (cancelled_) break;
    graded_.push_back({.check = check});
    TRY(run_check(check, graded_.back()));
    if (cancelled_ && graded_.back().runs.empty()) graded_.pop_back();
  }
  return save();
}

int count_runs(const std::vector<Check>& checks, size_t kernels) {
  int runs = 0;
  for (const Check& check : checks) runs += check.runs * static_cast<int>(kernels);
  return runs;
}

Result<int> run(const Options& options) {
  const std::vector<Check> checks = TRY(chosen_checks(options, TRY(Programs::beside_this())));
  if (options.list) {
    fmt::print("{}", list_checks(checks));
    return 0;
  }
  const Workplace place = TRY(Workplace::open());
  std::vector<KernelRef> kernels = TRY(kernels_of(place.catalogue, options.kernels));
  const fs::path directory = TRY(make_directory(options.out, "selftest"));
  Ledger ledger =
      TRY(Ledger::open(directory, new_session("selftest", count_runs(checks, kernels.size()))));

  const std::atomic<bool>& cancelled = listen_to_signals();
  fmt::print(stderr, "{} checks on {} kernel{} into {}\n", checks.size(), kernels.size(),
             kernels.size() == 1 ? "" : "s", directory.string());
  Selftest test(options, place, std::move(kernels), std::move(ledger), cancelled);
  TRY(test.run(checks));
  TRY(test.close());
  if (options.json)
    fmt::print("{}", selftest_json(test.graded()));
  else
    fmt::print("\n{}\nreport: {}\n", selftest_text(test.graded()),
               (directory / "selftest.html").string());
  return cancelled ? 130 : selftest_exit_code(test.graded());
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--only", options->only, "These checks alone; --list has their names")
      ->type_name("NAME")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("-k,--kernel", options->kernels, "Kernels to boot; may be repeated")
      ->type_name("PATTERN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->capture_default_str();
  app.add_option("--seed", options->seed, "Seed of the first run of each check")
      ->capture_default_str();
  app.add_option("--clean-runs", options->clean_runs,
                 "Runs in which nothing goes wrong, under the fourfold load of the host")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("-o,--out", options->out,
                 "Directory for the results; default: thaw-results/selftest-TIME")
      ->type_name("DIR");
  app.add_flag("--list", options->list, "Say what is injected and what must come of it, and end");
  app.add_flag("--json", options->json, "Print selftest.json instead of the table");
  app.footer(
      "Examples:\n"
      "  thawlab selftest\n"
      "  thawlab selftest --only panic stall-100 --kernel 5.10 --kernel 7.3\n"
      "\nSome checks need root (a full disk). Exit codes: 0 every verdict was the right one; 1 one "
      "was not; 2 usage; 69 a check could not be made; 130 interrupted.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kSelftestCommand{
    "selftest", "make things go wrong on purpose, and see that each gets its right verdict", setup};

}  // namespace lab
