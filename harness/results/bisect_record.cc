// The record of a bisection: facts (kernels, trials, skips) are kept, everything else (what a trial
// counts for, steps, the answer) is derived from them anew, so that a record that is read again
// cannot contradict itself.

#include "harness/results/bisect_record.h"

#include <array>

#include <nlohmann/json.hpp>

#include "harness/results/text.h"
#include "harness/verdict/hunt.h"

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

constexpr std::array kRoles{BisectRole::bad_end, BisectRole::good_end, BisectRole::search,
                            BisectRole::confirm};

json kernel_to_json(const KernelRef& kernel) {
  return {{"release", kernel.release},
          {"package", kernel.package},
          {"version", kernel.version},
          {"suite", kernel.suite},
          {"provider", kernel.provider}};
}

KernelRef kernel_from_json(const json& from) {
  return {.provider = from.at("provider"),
          .release = from.at("release"),
          .package = from.at("package"),
          .version = from.at("version"),
          .suite = from.at("suite")};
}

json kernels_to_json(const std::vector<KernelRef>& kernels) {
  json list = json::array();
  for (const KernelRef& kernel : kernels) list.push_back(kernel_to_json(kernel));
  return list;
}

json trial_to_json(const BisectRecord& record, const BisectTrial& trial) {
  constexpr std::array kCounts{"bad", "clean", "neither"};
  return {{"place", trial.place},
          {"role", name_of(trial.role)},
          {"verdict", name_of(trial.verdict)},
          {"counts_as", kCounts[static_cast<size_t>(record.count_of(trial))]},
          {"reason", trial.reason},
          {"seed", trial.seed},
          {"wall_s", trial.wall_s},
          {"directory", trial.directory}};
}

BisectTrial trial_from_json(const json& from, size_t places) {
  BisectTrial trial{.place = from.at("place"),
                    .reason = from.at("reason"),
                    .seed = from.at("seed"),
                    .wall_s = from.at("wall_s"),
                    .directory = from.at("directory")};
  const auto verdict = verdict_from_name(from.at("verdict").get<std::string>());
  if (!verdict || trial.place >= places) throw std::invalid_argument("a trial makes no sense");
  trial.verdict = *verdict;
  for (const BisectRole role : kRoles)
    if (from.at("role") == name_of(role)) trial.role = role;
  return trial;
}

/// Trials one after another at one kernel for one reason are a step.
json steps_to_json(const BisectRecord& record) {
  json steps = json::array();
  Bisection bisection(record.kernels.size(), record.risk);
  const BisectTrial* before = nullptr;
  for (const BisectTrial& trial : record.trials) {
    bisection.record(trial.place, record.count_of(trial));
    if (!before || before->place != trial.place || before->role != trial.role) {
      steps.push_back(kernel_to_json(record.kernels[trial.place]));
      steps.back().update({{"role", name_of(trial.role)}, {"trials", 0}, {"wall_s", 0.0}});
    }
    json& step = steps.back();
    const Tally& tally = bisection.tally(trial.place);
    const double bad = bisection.probability_bad(trial.place);
    step["trials"] = step["trials"].get<int>() + 1;
    step["wall_s"] = step["wall_s"].get<double>() + trial.wall_s;
    step["bad"] = tally.bad;
    step["clean"] = tally.clean;
    step["neither"] = tally.neither;
    step["probability_bad"] = bad;
    step["verdict"] = tally.counted() == 0 ? "unknown" : bad >= 0.5 ? "bad" : "good";
    before = &trial;
  }
  return steps;
}

json changes_to_json(const ChangelogDigest& changes) {
  return {{"versions", changes.versions},
          {"upstream", changes.upstream},
          {"notable", changes.notable},
          {"others", changes.others}};
}

ChangelogDigest changes_from_json(const json& from) {
  return {.versions = from.at("versions"),
          .upstream = from.at("upstream"),
          .notable = from.at("notable"),
          .others = from.at("others")};
}

void answer_to_json(const BisectRecord& record, json& to) {
  const Bisection bisection = record.replay();
  const char* good_name = record.finds_fix ? "first_good" : "last_good";
  const char* bad_name = record.finds_fix ? "last_bad" : "first_bad";
  to[good_name] = nullptr;
  to[bad_name] = nullptr;
  to["between"] = json::array();
  to["exact"] = false;
  to["probability_wrong"] = nullptr;
  to["reproduction"] = bisection.reproduction();
  const auto answer = bisection.answer();
  if (!answer) return;
  to[good_name] = kernel_to_json(record.kernels[answer->last_good]);
  to[bad_name] = kernel_to_json(record.kernels[answer->first_bad]);
  to["exact"] = answer->is_exact();
  to["probability_wrong"] = answer->risk;
  for (size_t place = answer->last_good + 1; place < answer->first_bad; ++place) {
    json kernel = kernel_to_json(record.kernels[place]);
    kernel["skipped"] = bisection.tally(place).skipped.value_or("");
    to["between"].push_back(std::move(kernel));
  }
}

/// Guest text may be in a trial's reason.
void clean(json& value) {
  if (value.is_string()) value = clean_utf8(value.get_ref<const std::string&>());
  if (value.is_structured())
    for (json& element : value) clean(element);
}

}  // namespace

VerdictKind BisectRecord::symptom() const {
  for (const BisectTrial& trial : trials)
    if (trial.place + 1 == kernels.size() && is_finding(trial.verdict)) return trial.verdict;
  return VerdictKind::pass;
}

TrialCount BisectRecord::count_of(const BisectTrial& trial) const {
  if (trial.verdict == VerdictKind::pass) return TrialCount::clean;
  return trial.verdict == symptom() ? TrialCount::bad : TrialCount::neither;
}

Bisection BisectRecord::replay() const {
  Bisection bisection(kernels.size(), risk);
  for (const BisectTrial& trial : trials) bisection.record(trial.place, count_of(trial));
  for (const BisectSkip& skip : skips) bisection.skip(skip.place, skip.why);
  return bisection;
}

std::string to_json(const BisectRecord& record) {
  json trials = json::array();
  for (const BisectTrial& trial : record.trials) trials.push_back(trial_to_json(record, trial));
  json skips = json::array();
  for (const BisectSkip& skip : record.skips)
    skips.push_back({{"place", skip.place}, {"why", skip.why}});
  json to{{"schema", BisectRecord::kSchema},
          {"case", record.case_name},
          {"case_file", record.case_file},
          {"case_sha256", record.case_sha256},
          {"risk", record.risk},
          {"trial_s", record.trial_s},
          {"seed", record.seed},
          {"finds_fix", record.finds_fix},
          {"symptom", record.symptom() == VerdictKind::pass ? json() : name_of(record.symptom())},
          {"failure", record.failure ? json(*record.failure) : json()},
          {"steps", steps_to_json(record)},
          {"kernels", kernels_to_json(record.kernels)},
          {"left_out", kernels_to_json(record.left_out)},
          {"trials", trials},
          {"skips", skips},
          {"changes", record.changes ? changes_to_json(*record.changes) : json()},
          {"changes_from", record.changes_from}};
  answer_to_json(record, to);
  clean(to);
  return to.dump(1) + "\n";
}

Result<BisectRecord> bisect_from_json(std::string_view text, std::string_view name) {
  const json from = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!from.is_object() || !from.contains("trials") || !from.contains("kernels"))
    return fail(ErrorKind::Corrupt, "{}: is not the record of a bisection", name);
  if (from.value("schema", json()) != BisectRecord::kSchema)
    return fail(ErrorKind::Corrupt, "{}: has another schema than {}, which this thawlab reads",
                name, BisectRecord::kSchema);
  try {
    BisectRecord record{.case_name = from.at("case"),
                        .case_file = from.at("case_file"),
                        .case_sha256 = from.at("case_sha256"),
                        .risk = from.at("risk"),
                        .trial_s = from.at("trial_s"),
                        .seed = from.at("seed"),
                        .finds_fix = from.at("finds_fix")};
    for (const json& kernel : from.at("kernels"))
      record.kernels.push_back(kernel_from_json(kernel));
    for (const json& kernel : from.at("left_out"))
      record.left_out.push_back(kernel_from_json(kernel));
    if (record.kernels.size() < 2 || !(record.risk > 0 && record.risk < 1))
      throw std::invalid_argument("there is nothing to search in");
    for (const json& trial : from.at("trials"))
      record.trials.push_back(trial_from_json(trial, record.kernels.size()));
    for (const json& skip : from.at("skips"))
      record.skips.push_back({skip.at("place"), skip.at("why")});
    for (const BisectSkip& skip : record.skips)
      if (skip.place >= record.kernels.size()) throw std::invalid_argument("a skip makes no sense");
    if (!from.at("failure").is_null()) record.failure = from.at("failure").get<std::string>();
    if (!from.at("changes").is_null()) record.changes = changes_from_json(from.at("changes"));
    record.changes_from = from.at("changes_from");
    return record;
  } catch (const std::exception& error) {
    return fail(ErrorKind::Corrupt, "{}: damaged: {}", name, error.what());
  }
}

}  // namespace lab
