// The manifest is what a person opens first: what to expect, and how it was made.

#include "harness/results/bundle.h"

#include <nlohmann/json.hpp>

#include "harness/results/text.h"

namespace lab {

using nlohmann::json;
using thaw::ErrorKind;

std::string to_json(const BundleManifest& manifest) {
  const json to{{"schema", BundleManifest::kSchema},
                {"kind", "thawlab bundle"},
                {"run", manifest.run},
                {"case", manifest.case_name},
                {"verdict", name_of(manifest.verdict)},
                {"reason", clean_utf8(manifest.reason)},
                {"created", manifest.created},
                {"has_kernel", manifest.has_kernel},
                {"repeat", clean_utf8(manifest.repeat)},
                {"qemu_command", clean_utf8(manifest.qemu_command)},
                {"left_out", manifest.left_out}};
  return to.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

thaw::Result<BundleManifest> manifest_from_json(std::string_view text, std::string_view name) {
  try {
    const json from = json::parse(text);
    if (from.at("schema") != BundleManifest::kSchema)
      return thaw::fail(ErrorKind::Corrupt, "{}: has schema {}, this thawlab reads {}", name,
                        from.at("schema").dump(), BundleManifest::kSchema);
    BundleManifest manifest{.run = from.at("run"),
                            .case_name = from.at("case"),
                            .reason = from.at("reason"),
                            .created = from.at("created"),
                            .has_kernel = from.at("has_kernel"),
                            .repeat = from.at("repeat"),
                            .qemu_command = from.at("qemu_command"),
                            .left_out = from.at("left_out")};
    const auto verdict = verdict_from_name(from.at("verdict").get<std::string>());
    if (!verdict) return thaw::fail(ErrorKind::Corrupt, "{}: has no verdict", name);
    manifest.verdict = *verdict;
    return manifest;
  } catch (const json::exception& error) {
    return thaw::fail(ErrorKind::Corrupt, "{}: damaged: {}", name, error.what());
  }
}

ResultSet only_run(const ResultSet& results, const RunResult& run, const std::string& directory) {
  ResultSet one = results;
  one.planned = 1;
  one.finished = true;
  one.runs = {run};
  RunResult& kept = one.runs.front();
  for (std::string* path :
       {&kept.capture, &kept.console, &kept.agent_log, &kept.picture, &kept.viewer})
    if (path->starts_with(run.directory + "/"))
      *path = directory + path->substr(run.directory.size());
  kept.directory = directory;
  return one;
}

}  // namespace lab
