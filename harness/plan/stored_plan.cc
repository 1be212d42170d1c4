// The plan on disk. Kernels are kept as they were resolved, not as patterns: "6.12" may mean
// another kernel tomorrow, and half a night on one and half on another is no night. Case files and
// programs are kept as digests: they are read again, and must be the same.

#include "harness/plan/stored_plan.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "harness/plan/shards.h"
#include "harness/provision/digest.h"

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

json run_to_json(const PlannedRun& run) {
  json to{{"id", run.id},
          {"case", run.test.name},
          {"file", run.test.file.string()},
          {"pattern", run.pattern},
          {"kernel",
           {{"provider", run.kernel.provider},
            {"release", run.kernel.release},
            {"package", run.kernel.package},
            {"version", run.kernel.version},
            {"suite", run.kernel.suite}}},
          {"expected", name_of(run.expected)},
          {"or_expected", json::array()},
          {"or_incapable", run.or_incapable},
          {"expected_reason", run.expected_reason},
          {"seed", run.seed},
          {"repetition", run.repetition},
          {"missing", nullptr}};
  for (const VerdictKind kind : run.or_expected) to["or_expected"].push_back(name_of(kind));
  if (run.missing) to["missing"] = run.missing->message;
  return to;
}

PlannedRun run_from_json(const json& from) {
  const json& kernel = from.at("kernel");
  PlannedRun run{.pattern = from.at("pattern"),
                 .kernel = {.provider = kernel.at("provider"),
                            .release = kernel.at("release"),
                            .package = kernel.at("package"),
                            .version = kernel.at("version"),
                            .suite = kernel.at("suite")},
                 .expected_reason = from.at("expected_reason"),
                 .seed = from.at("seed"),
                 .repetition = from.at("repetition"),
                 .id = from.at("id")};
  run.test.name = from.at("case");
  run.test.file = from.at("file").get<std::string>();
  run.or_incapable = from.at("or_incapable");
  for (const json& kind : from.value("or_expected", json::array()))
    run.or_expected.push_back(verdict_from_name(kind.get<std::string>()).value());
  run.expected = verdict_from_name(from.at("expected").get<std::string>()).value();
  if (!from.at("missing").is_null())
    run.missing = thaw::Error{ErrorKind::Environment, from.at("missing"), 0};
  return run;
}

Share share_from_json(const json& from) {
  return {.number = from.at("number"),
          .of = from.at("of"),
          .plan = from.at("plan"),
          .planned = from.at("planned")};
}

}  // namespace

std::string plan_digest(const StoredPlan& plan) {
  json what = json::array();
  for (const PlannedRun& run : plan.runs) {
    const auto test = std::ranges::find(plan.cases, run.test.name, &StoredCase::name);
    what.push_back({run.id, test == plan.cases.end() ? "" : test->sha256, run.kernel.provider,
                    run.kernel.release, run.kernel.package, run.kernel.version, run.seed});
  }
  return sha256_of(what.dump());
}

StoredPlan share_of(const StoredPlan& whole, int number, int of) {
  StoredPlan part = whole;
  part.share = {.number = number,
                .of = of,
                .plan = plan_digest(whole),
                .planned = static_cast<int>(whole.runs.size())};
  part.runs.clear();
  const auto shares = divide(whole.runs, of);
  for (const size_t i : shares[static_cast<size_t>(number) - 1]) part.runs.push_back(whole.runs[i]);
  return part;
}

std::string plan_to_json(const StoredPlan& plan) {
  json cases = json::array();
  for (const StoredCase& one : plan.cases)
    cases.push_back({{"name", one.name}, {"file", one.file}, {"sha256", one.sha256}});
  json runs = json::array();
  for (const PlannedRun& run : plan.runs) runs.push_back(run_to_json(run));
  const json to{{"schema", StoredPlan::kSchema},
                {"arguments", plan.arguments},
                {"working_directory", plan.working_directory},
                {"programs", plan.programs},
                {"cases", cases},
                {"runs", runs},
                {"share",
                 {{"number", plan.share.number},
                  {"of", plan.share.of},
                  {"plan", plan.share.plan},
                  {"planned", plan.share.planned}}}};
  // An argument may hold any byte.
  return to.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<StoredPlan> plan_from_json(std::string_view text, std::string_view name) {
  try {
    const json from = json::parse(text);
    if (from.at("schema") != StoredPlan::kSchema)
      return fail(ErrorKind::Corrupt, "{}: has schema {}, this thawlab reads {}", name,
                  from["schema"].dump(), StoredPlan::kSchema);
    StoredPlan plan{.arguments = from.at("arguments"),
                    .working_directory = from.at("working_directory"),
                    .programs = from.at("programs")};
    for (const json& one : from.at("cases"))
      plan.cases.push_back({one.at("name"), one.at("file"), one.at("sha256")});
    for (const json& run : from.at("runs")) plan.runs.push_back(run_from_json(run));
    plan.share.planned = static_cast<int>(plan.runs.size());
    if (from.contains("share")) plan.share = share_from_json(from["share"]);
    return plan;
  } catch (const std::exception& error) {
    return fail(ErrorKind::Corrupt, "{}: damaged: {}", name, error.what());
  }
}

Status add_digests(StoredPlan& plan, const std::vector<Case>& cases,
                   const std::map<std::string, std::filesystem::path>& programs) {
  for (const Case& test : cases) {
    StoredCase stored{.name = test.name};
    if (!test.file.empty()) {
      stored.file = std::filesystem::absolute(test.file).lexically_normal().string();
      stored.sha256 = TRY(sha256_of_file(test.file));
    }
    plan.cases.push_back(std::move(stored));
  }
  for (const auto& [name, path] : programs) plan.programs[name] = TRY(sha256_of_file(path));
  return {};
}

std::vector<std::string> changes_since(const StoredPlan& then, const StoredPlan& now) {
  std::vector<std::string> changes;
  for (size_t i = 0; i < then.cases.size(); ++i) {
    const StoredCase& old = then.cases[i];
    const StoredCase* current = i < now.cases.size() ? &now.cases[i] : nullptr;
    if (!current || current->name != old.name || current->sha256 != old.sha256)
      changes.push_back(fmt::format("case {} ({}) was changed", old.name, old.file));
  }
  for (const auto& [name, digest] : then.programs) {
    const auto current = now.programs.find(name);
    if (current == now.programs.end() || current->second != digest)
      changes.push_back(fmt::format("{} was rebuilt", name));
  }
  return changes;
}

std::vector<PlannedRun> with_cases(const StoredPlan& plan, const std::vector<Case>& cases) {
  std::vector<PlannedRun> runs = plan.runs;
  for (PlannedRun& run : runs) {
    const auto test = std::ranges::find_if(cases, [&](const Case& one) {
      return one.name == run.test.name && one.file == run.test.file;
    });
    CHECK(test != cases.end(), "{} is of no case", run.id);
    run.test = *test;
    run.test.run.seed = run.seed;
  }
  return runs;
}

}  // namespace lab
