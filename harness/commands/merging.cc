// The effects of merging: which directories there are, and where their files go. What counts is
// results/merge.cc's.

#include "harness/commands/merging.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "harness/commands/chronicle.h"
#include "harness/commands/resume.h"
#include "harness/report/ledger.h"
#include "harness/report/table.h"
#include "harness/results/store.h"
#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

/// Absent where there is none; a damaged one is an error.
Result<std::optional<StoredPlan>> plan_in(const fs::path& directory) {
  std::error_code ignored;
  const fs::path file = directory / kPlanFile;
  if (!fs::exists(file, ignored)) return std::nullopt;
  return TRY(plan_from_json(TRY(thaw::read_file(file)), file.string()));
}

Result<std::vector<MergePart>> read_parts(const std::vector<fs::path>& paths, const fs::path& out) {
  std::set<fs::path> files;
  for (const fs::path& path : paths) {
    std::error_code missing;
    const auto below = fs::exists(path, missing) ? results_below(path) : std::vector<fs::path>();
    if (below.empty()) return fail(ErrorKind::User, "{} holds no results.json", path.string());
    for (const fs::path& file : below) files.insert(fs::absolute(file).lexically_normal());
  }
  std::error_code ignored;
  if (fs::exists(out / "results.json", ignored)) files.insert(out / "results.json");
  std::vector<MergePart> parts;
  for (const fs::path& file : files)
    parts.push_back({.directory = file.parent_path(),
                     .results = TRY(load_results(file)),
                     .plan = TRY(plan_in(file.parent_path()))});
  return parts;
}

/// The plan that all parts are of, where somebody has all of it: `thawlab plan --out` leaves it
/// above its shards.
Result<std::optional<StoredPlan>> whole_of(const std::vector<MergePart>& parts) {
  std::set<std::string> plans;
  for (const MergePart& part : parts) plans.insert(part.plan ? part.plan->share.plan : "");
  if (plans.size() != 1 || plans.begin()->empty()) return std::nullopt;
  const auto is_whole = [&](const StoredPlan& plan) {
    return plan.share.plan == *plans.begin() && plan.share.of == 1 &&
           static_cast<int>(plan.runs.size()) == plan.share.planned;
  };
  for (const MergePart& part : parts) {
    if (is_whole(*part.plan)) return part.plan;
    if (auto above = TRY(plan_in(part.directory.parent_path())); above && is_whole(*above))
      return above;
  }
  return std::nullopt;
}

/// A file of a run never changes once it has a result.
Status link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (!error) return {};
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot copy {} to {}: {}", from.string(), to.string(),
                error.message());
  return {};
}

Status take_run(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(to, error) || !fs::exists(from, error)) return {};
  // Whole or not at all: under another name until everything is there.
  const fs::path half = to.string() + ".half";
  fs::remove_all(half, error);
  fs::create_directories(half, error);
  for (fs::recursive_directory_iterator at(from, error), end; !error && at != end;
       at.increment(error)) {
    const fs::path place = half / at->path().lexically_relative(from);
    if (at->is_directory(error))
      fs::create_directories(place, error);
    else
      TRY(link_or_copy(at->path(), place));
  }
  if (error)
    return fail(ErrorKind::Environment, "cannot copy {}: {}", from.string(), error.message());
  fs::rename(half, to, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot make {}: {}", to.string(), error.message());
  return {};
}

}  // namespace

Result<Merged> merge_directories(const std::vector<fs::path>& paths, const fs::path& where) {
  const fs::path out = fs::absolute(where).lexically_normal();
  std::vector<MergePart> parts = TRY(read_parts(paths, out));
  auto whole = TRY(whole_of(parts));
  Merged merged = TRY(merge(std::move(parts), std::move(whole)));
  std::error_code error;
  fs::create_directories(out, error);
  if (error)
    return fail(ErrorKind::Environment, "cannot make {}: {}", out.string(), error.message());
  // Locks the directory: nobody else writes there from here on.
  Ledger ledger = TRY(Ledger::open(out, merged.results));
  for (size_t i = 0; i < merged.results.runs.size(); i++) {
    const std::string& directory = merged.results.runs[i].directory;
    if (!directory.empty() && merged.from[i] != out)
      TRY(take_run(merged.from[i] / directory, out / directory));
  }
  if (merged.plan) TRY(save_plan(*merged.plan, out));
  // The page has pictures that were copied since.
  TRY(ledger.close(merged.results.finished));
  return merged;
}

Result<int> tell(const Merged& merged, const fs::path& out, const std::string& history,
                 const std::string& how_to_go_on) {
  Chronicle chronicle = TRY(Chronicle::open(history, ""));
  Ledger ledger = TRY(Ledger::open(fs::absolute(out).lexically_normal(), merged.results));
  chronicle.begin(ledger.results(), ledger.directory());
  ledger.set_trends(chronicle.trends(ledger.results()));
  TRY(ledger.close(merged.results.finished));
  const int code = exit_code(ledger.results());
  chronicle.end(ledger.results(), code);
  const bool color = ::isatty(STDOUT_FILENO) != 0 && ::getenv("NO_COLOR") == nullptr;
  fmt::print("{}\nreport: {}\n", format_table(ledger.results(), color),
             (out / "report.html").string());
  for (const std::string& note : merged.notes) fmt::print(stderr, "thawlab: {}\n", note);
  const int missing = merged.results.planned - static_cast<int>(merged.results.runs.size());
  if (missing > 0)
    fmt::print(stderr, "thawlab: {} of {} runs have no result; {}\n", missing,
               merged.results.planned, how_to_go_on);
  return code;
}

}  // namespace lab
