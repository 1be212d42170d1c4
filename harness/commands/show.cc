// `thawlab show`: the table of a finished run again, and why one of its verdicts is what it is.
// Reads results.json alone; never judges again.

#include <cstdio>
#include <memory>

#include <unistd.h>

#include "harness/commands/command.h"
#include "harness/report/table.h"
#include "harness/results/store.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string directory;
  std::string why;
};

/// The directory of thaw-results whose results.json was written last.
Result<fs::path> newest_results() {
  std::error_code error;
  fs::path newest;
  fs::file_time_type newest_time = fs::file_time_type::min();
  for (const auto& entry : fs::directory_iterator("thaw-results", error)) {
    const auto time = fs::last_write_time(entry.path() / "results.json", error);
    if (error || time < newest_time) continue;
    newest = entry.path();
    newest_time = time;
  }
  if (newest.empty())
    return fail(ErrorKind::User,
                "no results in ./thaw-results; name the directory that `thawlab run` printed");
  return newest;
}

Result<const RunResult*> find_run(const ResultSet& results, const std::string& word) {
  const RunResult* found = nullptr;
  std::string ids;
  for (const RunResult& run : results.runs) {
    if (run.id == word) return &run;
    ids += (ids.empty() ? "" : ", ") + run.id;
    if (run.id.find(word) == std::string::npos) continue;
    if (found) return fail(ErrorKind::User, "'{}' is {} and {}; say more", word, found->id, run.id);
    found = &run;
  }
  if (!found) return fail(ErrorKind::User, "no run '{}'; there are {}", word, ids);
  return found;
}

Result<int> show(const Options& options) {
  fs::path directory = options.directory;
  if (directory.empty()) directory = TRY(newest_results());
  const ResultSet results = TRY(load_results(directory));
  if (!options.why.empty()) {
    const RunResult* run = TRY(find_run(results, options.why));
    fmt::print("{}", explain(*run));
    return 0;
  }
  const bool color = ::isatty(STDOUT_FILENO) && !::getenv("NO_COLOR");
  fmt::print("{}  {}\n\n{}", results.name, results.started, format_table(results, color));
  return exit_code(results);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DIR", options->directory,
                 "Results directory or its results.json; default: the newest in thaw-results");
  app.add_option("--why", options->why,
                 "Explain the verdict of this run (part of its name will do)");
  return [options] { return show(*options); };
}

}  // namespace

const Command kShowCommand{"show", "print the table of a finished run, or explain a verdict",
                           setup};

}  // namespace lab
