// Each setting is a small hunt of its own, in a directory of its own.

#include "harness/commands/hunt_settings.h"

#include <algorithm>

#include "harness/case/write.h"
#include "harness/commands/hunt_trials.h"
#include "harness/plan/vary.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::Result;

namespace {

constexpr uint64_t kTrialsPerSetting = 4;
constexpr uint64_t kBootsPerSetting = 2;
constexpr uint64_t kMostTrialsPerStep = 12;
// Below this every step would cost all trials there are: it is as if nobody knew.
constexpr double kLeastProbability = 0.1;

/// A small hunt with `test` in place of the planned case. A guest that does not come up with it is
/// a setting that does not work, not the end of the search.
Result<HuntResult> try_setting(const SettingsHunt& hunt, const PlannedRun& planned,
                               const Case& test, const HuntRule& rule, const std::string& name) {
  PlannedRun run = planned;
  run.test = test;
  run.test.run.seed = planned.seed;
  HuntReport report;
  const auto directory = TRY(make_directory((hunt.directory / name).string(), name));
  run.test.file = TRY(leave_case(run, name.c_str(), directory));
  const auto trials = TRY(HuntTrials::open(hunt.place, run, directory, hunt.cancelled, {}));
  if (const auto played = trials->play(rule, report); !played) return HuntResult{};
  return report.result;
}

}  // namespace

Result<std::filesystem::path> leave_case(const PlannedRun& changed, const char* what,
                                         const std::filesystem::path& directory) {
  Case test = changed.test;
  test.name += std::string("-") + what;
  test.kernels = {changed.exact_pattern()};
  const std::filesystem::path file = directory / (test.name + ".toml");
  TRY(thaw::write_file(file, case_text(test)));
  return file;
}

Result<PlannedRun> best_setting(const SettingsHunt& hunt, const PlannedRun& planned,
                                HuntReport& report) {
  PlannedRun best = planned;
  double best_share = -1;
  int number = 0;
  for (const Setting& setting : variations(planned.test)) {
    if (hunt.cancelled) break;
    fmt::print(stderr, "setting: {}\n", setting.name);
    const HuntResult result = TRY(try_setting(
        hunt, planned, setting.test, {.trials = kTrialsPerSetting, .boots = kBootsPerSetting},
        fmt::format("setting-{}", ++number)));
    report.settings.push_back({setting.name, result.reproduced, result.trials});
    if (result.trials == 0 || result.probability.estimate <= best_share) continue;
    best_share = result.probability.estimate;
    best.test = setting.test;
    report.setting = setting.name;
  }
  return best;
}

Result<PlannedRun> least_setting(const SettingsHunt& hunt, const PlannedRun& planned,
                                 HuntReport& report) {
  const double probability = std::max(kLeastProbability, report.result.probability.low / 2);
  const uint64_t trials =
      std::min(kMostTrialsPerStep, trials_to_exclude(probability, 0.95).value_or(1));
  PlannedRun least = planned;
  int number = 0;
  // What was refused once is not asked again: with less of everything else it shows no more.
  std::vector<std::string> refused;
  for (bool has_taken = true; has_taken && !hunt.cancelled;) {
    has_taken = false;
    for (const Setting& setting : reductions(least.test)) {
      if (hunt.cancelled || std::ranges::find(refused, setting.name) != refused.end()) continue;
      fmt::print(stderr, "step: {}\n", setting.name);
      const HuntResult result =
          TRY(try_setting(hunt, least, setting.test,
                          {.trials = trials, .until_found = true, .boots = kBootsPerSetting},
                          fmt::format("step-{}", ++number)));
      report.steps.push_back({setting.name, result.reproduced, result.trials});
      if (result.reproduced == 0) {
        refused.push_back(setting.name);
        continue;
      }
      least.test = setting.test;
      has_taken = true;
      break;
    }
  }
  return least;
}

}  // namespace lab
