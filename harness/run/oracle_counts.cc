#include "harness/run/oracle_counts.h"

#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "harness/oracle/profile.h"
#include "harness/run/boot.h"
#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
  return file.empty() ? "" : thaw::read_file(file).value_or("");
}

/// Of the load, as it says itself.
std::set<int32_t> processes_of(const std::string& truth) {
  std::set<int32_t> processes;
  const auto json = nlohmann::json::parse(truth, nullptr, false);
  if (!json.is_object() || !json.contains("threads")) return processes;
  for (const auto& thread : json["threads"])
    if (thread.is_object()) processes.insert(thread.value("pid", -1));
  return processes;
}

}  // namespace

thaw::Status add_oracle(const RunRequest& request, const fs::path& processes, Evidence& evidence) {
  const fs::path counts = request.directory / kOracleCounts;
  std::error_code ignored;
  if (!fs::exists(counts, ignored)) return {};
  const std::string symbols = text_of(evidence.symbols);
  const std::string mappings = text_of(processes);
  const auto files = guest_sources(request);
  const auto file_of = [&](const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? fs::path() : found->second;
  };
  const std::string text = TRY(thaw::read_file(counts));
  oracle::Profile profile = TRY(
      oracle::read_profile(text, {.symbols = symbols, .processes = mappings, .file_of = file_of}));
  profile.is_even = request.test.machine.cpus == 1;
  const fs::path file = request.directory / "oracle.json";
  evidence.oracle_truth = to_json(profile);
  TRY(thaw::write_file(file, evidence.oracle_truth));
  fs::remove(counts, ignored);
  evidence.oracle = file;
  evidence.oracle_summary = summarize(profile, processes_of(evidence.workload_truth.value_or("")));
  return {};
}

}  // namespace lab
