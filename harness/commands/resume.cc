// `thawlab run --resume`. The words of the first command line are kept and read again, so that an
// option which decides what a run is cannot be forgotten here; what they led to (runs, kernels,
// seeds) is kept too, and that is what is run.

#include "harness/commands/resume.h"

#include <unistd.h>

#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

/// The words after `thawlab run`, as the kernel has them.
std::vector<std::string> own_arguments() {
  std::vector<std::string> words;
  const std::string line = thaw::read_file("/proc/self/cmdline").value_or("");
  for (size_t at = 0; at < line.size();) {
    words.emplace_back(line.c_str() + at);
    at += words.back().size() + 1;
  }
  if (words.size() > 2) return {words.begin() + 2, words.end()};
  return {};
}

std::map<std::string, fs::path> programs_of(const std::vector<Case>& cases,
                                            const Programs& programs) {
  std::map<std::string, fs::path> paths{{"thawlab", "/proc/self/exe"},
                                        {"thaw-agent", programs.agent}};
  std::error_code ignored;
  if (fs::exists(programs.thaw, ignored)) paths["thaw"] = programs.thaw;
  for (const Case& test : cases) {
    if (test.workload.empty()) continue;
    const fs::path program = programs.workloads / test.workload.front();
    if (fs::exists(program, ignored)) paths[test.workload.front()] = program;
  }
  return paths;
}

}  // namespace

Result<StoredPlan> describe_plan(const std::vector<Case>& cases, std::vector<PlannedRun> runs,
                                 const Programs& programs) {
  std::error_code error;
  StoredPlan plan{.arguments = own_arguments(),
                  .working_directory = fs::current_path(error).string(),
                  .runs = std::move(runs)};
  TRY(add_digests(plan, cases, programs_of(cases, programs)));
  plan.share = {.plan = plan_digest(plan), .planned = static_cast<int>(plan.runs.size())};
  return plan;
}

Status save_plan(const StoredPlan& plan, const fs::path& directory) {
  return thaw::write_file(directory / kPlanFile, plan_to_json(plan));
}

Result<StoredPlan> load_plan(const fs::path& directory, const ResultSet& results) {
  if (results.finished)
    return fail(ErrorKind::User, "{} is finished; `thawlab show {}` shows it", directory.string(),
                directory.string());
  const fs::path file = directory / kPlanFile;
  const auto text = thaw::read_file(file);
  if (!text)
    return fail(ErrorKind::User, "{} has no {}: it was made by a thawlab that kept none; run anew",
                directory.string(), kPlanFile);
  return plan_from_json(*text, file.string());
}

Status check_unchanged(const StoredPlan& then, const StoredPlan& now, const fs::path& directory) {
  const auto changes = changes_since(then, now);
  if (changes.empty()) return {};
  return fail(ErrorKind::User,
              "{} cannot go on, its runs would not be comparable: {}; undo that, or run anew",
              directory.string(), fmt::join(changes, ", "));
}

std::set<std::string> done_in(const ResultSet& results) {
  std::set<std::string> done;
  for (const RunResult& run : results.runs) done.insert(run.id);
  return done;
}

Status put_aside_unfinished(const StoredPlan& plan, const ResultSet& results,
                            const fs::path& directory) {
  const auto done = done_in(results);
  std::error_code error;
  for (const PlannedRun& run : plan.runs) {
    const fs::path left = directory / run.id;
    if (done.contains(run.id) || !fs::exists(left, error)) continue;
    fs::path aside = left.string() + ".interrupted";
    for (int copy = 2; fs::exists(aside, error); ++copy)
      aside = left.string() + fmt::format(".interrupted-{}", copy);
    fs::rename(left, aside, error);
    if (error)
      return fail(ErrorKind::Environment, "cannot move {} aside: {}", left.string(),
                  error.message());
  }
  return {};
}

}  // namespace lab
