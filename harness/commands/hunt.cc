// `thawlab hunt`: how often does this case show on this kernel? Boots seldom, tries often, stops by
// a rule that was chosen before, and says how sure it is.

#include <unistd.h>

#include <memory>

#include <nlohmann/json.hpp>

#include "harness/case/parse.h"
#include "harness/commands/command.h"
#include "harness/commands/hunt_settings.h"
#include "harness/commands/hunt_trials.h"
#include "harness/commands/start.h"
#include "harness/report/hunt.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string file;
  std::string kernel;
  HuntRule rule;
  double trial_s = 1;
  std::optional<uint64_t> seed;
  std::string out;
  bool json = false;
  bool keep_all = false;
  bool vary = false;
  bool minimise = false;
};

Result<PlannedRun> plan_hunt(const Options& options, const Catalogue& catalogue) {
  Case test = TRY(load_case(options.file));
  test.run.duration_s = options.trial_s;
  PlanOptions plan_options{.kernels = {options.kernel}, .repeat = 1, .seed = options.seed};
  auto plan = TRY(plan_runs({std::move(test)}, plan_options,
                            [&](std::string_view pattern) { return catalogue.resolve(pattern); }));
  if (plan.size() != 1)
    return fail(ErrorKind::User, "--kernel {}: {} kernels; a hunt is on one", options.kernel,
                plan.size());
  if (plan.front().missing) return std::unexpected(*plan.front().missing);
  return std::move(plan.front());
}

std::string repeat_command(const Options& options, const PlannedRun& planned) {
  std::string command = fmt::format(
      "{} hunt {} --kernel {} --seed {} --trial-seconds {} --boots {}", program_invocation_name,
      options.file, planned.exact_pattern(), planned.seed, options.trial_s, options.rule.boots);
  if (options.rule.trials) command += fmt::format(" --trials {}", *options.rule.trials);
  if (options.rule.until_found) command += " --until-found";
  if (options.vary) command += " --vary";
  if (options.minimise) command += " --minimise";
  return command;
}

Result<int> run(const Options& options) {
  static_cast<void>(TRY(load_case(options.file)));  // before anything that takes time
  const Workplace place = TRY(Workplace::open());
  PlannedRun planned = TRY(plan_hunt(options, place.catalogue));
  const fs::path directory =
      TRY(make_directory(options.out, "hunt-" + planned.test.name + "-" + planned.kernel.release));
  const std::atomic<bool>& cancelled = listen_to_signals();
  fmt::print(stderr, "hunting {} on {} into {}\n", planned.test.name, planned.kernel.release,
             directory.string());
  HuntReport report{.case_name = planned.test.name,
                    .kernel = planned.kernel.release,
                    .package_version = planned.kernel.version,
                    .trial_s = options.trial_s,
                    .seed = planned.seed,
                    .directory = directory.string(),
                    .repeat = repeat_command(options, planned)};
  const SettingsHunt settings{place, directory, cancelled};
  if (options.vary) {
    planned = TRY(best_setting(settings, planned, report));
    planned.test.file = TRY(leave_case(planned, "varied", directory));
  }
  const auto trials =
      TRY(HuntTrials::open(place, planned, directory, cancelled, {.keep_all = options.keep_all}));
  TRY(trials->play(options.rule, report));
  // What is known is kept, whatever becomes of the search for less.
  TRY(thaw::write_file(directory / "hunt.json", to_json(report)));
  if (options.minimise && report.result.reproduced > 0) {
    planned = TRY(least_setting(settings, planned, report));
    report.minimised = TRY(leave_case(planned, "least", directory)).string();
  }
  const std::string json = to_json(report);
  TRY(thaw::write_file(directory / "hunt.json", json));
  fmt::print("{}", options.json ? json : to_text(report));
  if (cancelled) return 130;
  if (report.result.reproduced > 0) return 1;
  return report.result.is_complete ? 0 : 69;  // too few trials are no proof of absence
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("CASE", options->file, "Case file (*.toml)")->required();
  app.add_option("-k,--kernel", options->kernel, "The kernel to hunt on: 6.17.8, local:PATH")
      ->type_name("PATTERN")
      ->required();
  app.add_option("-n,--trials", options->rule.trials,
                 "Exactly so many trials; default: until a sequential test can tell 'shows in at "
                 "least 5 % of trials' from 'in at most 0.5 %'")
      ->check(CLI::Range(1, 100'000));
  app.add_flag("--until-found", options->rule.until_found, "Stop at the first reproduction");
  app.add_option("--boots", options->rule.boots,
                 "Boots that share the trials: those from one boot share its memory layout")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("-t,--trial-seconds", options->trial_s, "Load of one trial")
      ->check(thaw::number_between(0.1, 3600))
      ->capture_default_str();
  app.add_option("--confidence", options->rule.confidence, "Of the interval and the bounds")
      ->check(thaw::number_between(0.5, 0.9999))
      ->capture_default_str();
  app.add_option("--seed", options->seed, "Seed of the first trial; the others count up");
  app.add_flag("--keep-all", options->keep_all, "Keep the files of trials that showed nothing too");
  app.add_flag(
      "--vary", options->vary,
      "Try other rates, jitters, CPU counts and loads first, and hunt with what shows most");
  app.add_flag("--minimise", options->minimise,
               "Afterwards take away what the case does not need to show, and leave that case");
  app.add_option("-o,--out", options->out,
                 "Directory for the results; default: thaw-results/hunt-CASE-KERNEL-TIME")
      ->type_name("DIR");
  app.add_flag("--json", options->json, "Print hunt.json instead of words");
  app.footer(
      "Boots the kernel, starts the subject, saves the machine, and goes on from there for each\n"
      "trial: the boot is paid once for many trials.\n\n"
      "Examples:\n"
      "  thawlab hunt harness/cases/ringbuf-nmi.toml --kernel 6.17.8\n"
      "  thawlab hunt harness/cases/ringbuf-nmi.toml --kernel 6.12 --trials 200\n"
      "\nExit codes: 0 never showed (the bound says how sure); 1 it showed; 2 usage; 69 no trial "
      "could be judged; 130 interrupted.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kHuntCommand{"hunt", "many trials of one case on one kernel: how often does it show",
                           setup};

}  // namespace lab
