// The sentence that matters first: how often, and how sure. Never "not reproduced" without its
// bound.

#include "harness/report/hunt.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lab {

namespace {

using nlohmann::json;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double percent(double share) {
  return 100 * share;
}

std::string how_often(const HuntReport& report) {
  const HuntResult& result = report.result;
  if (result.trials == 0) return "no trial could be judged\n";
  if (result.reproduced == 0)
    return fmt::format(
        "never showed in {} trials: at {:.0f} % confidence it shows in at most "
        "{:.2g} % of such trials\n",
        result.trials, percent(result.confidence), percent(result.probability.high));
  std::string text = fmt::format(
      "showed in {} of {} trials: {:.0f} %, between {:.0f} and {:.0f} % at {:.0f} % confidence\n",
      result.reproduced, result.trials, percent(result.probability.estimate),
      percent(result.probability.low), percent(result.probability.high),
      percent(result.confidence));
  if (report.first_seen_s)
    text += fmt::format("first seen {:.1f} s after the first boot, in {}\n", *report.first_seen_s,
                        report.first_seen);
  if (result.trials_to_prove_fix)
    text += fmt::format("{} trials without it would prove a fix at {:.0f} % confidence\n",
                        *result.trials_to_prove_fix, percent(result.confidence));
  return text;
}

std::string by_boot(const HuntResult& result) {
  std::vector<std::string> boots;
  for (const Group& boot : result.boots)
    boots.push_back(fmt::format("{}/{}", boot.successes, boot.trials));
  return fmt::format(
      "by boot: {}; between boots the probability varies by {}\n", fmt::join(boots, " "),
      result.between_boots > 0 ? fmt::format("{:.0f} points (standard deviation, by moments)",
                                             percent(result.between_boots))
                               : "no more than chance");
}

std::string table_of(const std::vector<SettingResult>& settings) {
  std::string text;
  for (const SettingResult& setting : settings)
    text += fmt::format("  {:<28} {} of {}\n", setting.name, setting.reproduced, setting.trials);
  return text;
}

std::string on_settings(const HuntReport& report) {
  std::string text;
  if (!report.settings.empty())
    text += fmt::format("settings tried:\n{}hunted with: {}\n", table_of(report.settings),
                        report.setting.empty() ? "as the case has it" : report.setting);
  if (!report.steps.empty())
    text += fmt::format("made smaller, as long as it showed:\n{}", table_of(report.steps));
  if (!report.minimised.empty())
    text += fmt::format("the least case that shows it: {}\n", report.minimised);
  return text;
}

std::string not_counted(const HuntReport& report) {
  std::vector<std::string> words;
  for (const auto& [verdict, count] : report.verdicts)
    if (verdict == "infra" || verdict == "incapable" || verdict == "subject")
      words.push_back(fmt::format("{} {}", count, verdict));
  return words.empty() ? "" : fmt::format("not counted: {}\n", fmt::join(words, ", "));
}

}  // namespace

std::string to_text(const HuntReport& report) {
  const HuntResult& result = report.result;
  std::string text = fmt::format("\n{} on {} ({}), trials of {} s\n", report.case_name,
                                 report.kernel, report.package_version, report.trial_s);
  text += how_often(report);
  if (!result.boots.empty()) text += by_boot(result);
  text += not_counted(report);
  text += fmt::format("stopped by: {}\n", result.stopped_by);
  text += on_settings(report);
  if (!report.restore_ms.empty() && report.trials_wall_s > 0)
    text += fmt::format(
        "{} boots took {:.1f} s, {} trials {:.1f} s ({:.0f} an hour from a saved machine); it "
        "answers {:.2f} s after its start (median)\n",
        result.boots.size(), report.boots_wall_s, report.restore_ms.size(), report.trials_wall_s,
        static_cast<double>(report.restore_ms.size()) / report.trials_wall_s * 3600,
        median(report.restore_ms) / 1e3);
  text += fmt::format("results: {}\nrepeat: {}\n", report.directory, report.repeat);
  return text;
}

std::string to_json(const HuntReport& report) {
  const HuntResult& result = report.result;
  json object{{"schema", 1},
              {"case", report.case_name},
              {"kernel", report.kernel},
              {"package_version", report.package_version},
              {"trial_s", report.trial_s},
              {"seed", report.seed},
              {"trials", result.trials},
              {"reproduced", result.reproduced},
              {"probability", result.probability.estimate},
              {"low", result.probability.low},
              {"high", result.probability.high},
              {"confidence", result.confidence},
              {"between_boots", result.between_boots},
              {"stopped_by", result.stopped_by},
              {"verdicts", report.verdicts},
              {"boots_wall_s", report.boots_wall_s},
              {"trials_wall_s", report.trials_wall_s},
              {"restore_ms", median(report.restore_ms)},
              {"state_bytes", report.state_bytes},
              {"directory", report.directory},
              {"repeat", report.repeat}};
  const auto list = [](const std::vector<SettingResult>& settings) {
    json array = json::array();
    for (const SettingResult& setting : settings)
      array.push_back(
          {{"name", setting.name}, {"reproduced", setting.reproduced}, {"trials", setting.trials}});
    return array;
  };
  if (!report.settings.empty()) object["settings"] = list(report.settings);
  if (!report.setting.empty()) object["setting"] = report.setting;
  if (!report.steps.empty()) object["steps"] = list(report.steps);
  if (!report.minimised.empty()) object["minimised"] = report.minimised;
  object["boots"] = json::array();
  for (const Group& boot : result.boots)
    object["boots"].push_back({{"trials", boot.trials}, {"reproduced", boot.successes}});
  if (result.trials_to_prove_fix) object["trials_to_prove_fix"] = *result.trials_to_prove_fix;
  if (report.first_seen_s) object["first_seen_s"] = *report.first_seen_s;
  return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace lab
