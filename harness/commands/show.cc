// `thawlab show`: the table of a session again, and why one of its verdicts is what it is. Reads
// results.json where it still lies, else what the history kept of it; never judges again.

#include <cstdio>
#include <memory>

#include <unistd.h>

#include "harness/commands/command.h"
#include "harness/commands/find_session.h"
#include "harness/report/blame.h"
#include "harness/report/sessions.h"
#include "harness/report/table.h"
#include "harness/results/store.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

// A screenful; `thawlab history -n` lists more.
constexpr size_t kMostListed = 20;

struct Options {
  std::string session;  ///< a directory, or a word of find_session()
  std::string why;
  std::string history;
  bool list = false;
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

/// The results that the word names: a directory, or a session of the history.
Result<ResultSet> results_of(const Options& options) {
  if (options.session.empty()) return load_results(TRY(newest_results()));
  std::error_code ignored;
  if (fs::exists(options.session, ignored)) return load_results(options.session);
  const SessionRecord session = TRY(find_session(options.session, options.history));
  if (auto whole = load_results(session.directory); whole && session_key(*whole) == session.key)
    return whole;
  fmt::print(stderr, "thawlab: {} is gone; this is what the history kept of it\n",
             session.directory);
  return to_results(session);
}

Result<int> list(const Options& options) {
  const History history = TRY(open_history(options.history));
  fmt::print("{}", format_sessions(TRY(history.list(kMostListed))));
  return 0;
}

Result<int> show(const Options& options) {
  if (options.list) return list(options);
  const ResultSet results = TRY(results_of(options));
  if (!options.why.empty()) {
    const RunResult* run = TRY(find_run(results, options.why));
    fmt::print("{}", explain(*run));
    return 0;
  }
  const bool color = ::isatty(STDOUT_FILENO) && !::getenv("NO_COLOR");
  fmt::print("{}  {}\n\n{}", results.name, results.started, format_table(results, color));
  for (const RunResult& run : results.runs) {
    const std::string who = blame_text(run, false);
    if (!who.empty()) fmt::print("\n{}\n{}", run.id, who);
  }
  return exit_code(results);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("SESSION", options->session,
                 "Results directory or its results.json, a number of `thawlab history`, last or "
                 "prev; default: the newest in thaw-results");
  app.add_option("--why", options->why,
                 "Explain the verdict of this run (part of its name will do)");
  app.add_flag("--list", options->list, "The newest sessions of the history instead");
  app.add_option("--history", options->history,
                 "History file; default: $THAW_HISTORY, else the XDG data home")
      ->type_name("FILE");
  return [options] { return show(*options); };
}

}  // namespace

const Command kShowCommand{"show", "print the table of a finished run, or explain a verdict",
                           setup};

}  // namespace lab
