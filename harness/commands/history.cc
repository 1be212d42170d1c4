// `thawlab history`: the sessions that were recorded here, and what they are rebuilt from.

#include <cstdio>
#include <memory>

#include "harness/commands/command.h"
#include "harness/report/sessions.h"
#include "harness/results/history.h"
#include "harness/results/store.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string history;
  std::vector<std::string> directories;
  size_t most = 20;
};

Result<fs::path> file_of(const Options& options) {
  const auto file = history_file(options.history);
  if (!file)
    return fail(ErrorKind::User,
                "there is no history: it is switched off (THAW_HISTORY=none), or "
                "this user has no home; name one with --history FILE");
  return *file;
}

Result<int> list(const Options& options) {
  const History history = TRY(History::open_existing(TRY(file_of(options))));
  const auto lines = TRY(history.list(options.most));
  fmt::print("{}", format_sessions(lines));
  return 0;
}

Result<int> import(const Options& options) {
  History history = TRY(History::open(TRY(file_of(options))));
  size_t sessions = 0;
  size_t runs = 0;
  int code = 0;
  for (const std::string& directory : options.directories) {
    const auto files = results_below(directory);
    if (files.empty())
      return fail(ErrorKind::User, "{}: no results.json in it or below it", directory);
    for (const fs::path& file : files) {
      const auto results = load_results(file);
      if (!results) {
        // One damaged file among a year's: said, and the rest is still wanted.
        fmt::print(stderr, "thawlab: {}\n", results.error().message);
        code = exit_code(results.error());
        continue;
      }
      TRY(history.put(to_record(*results, file.parent_path())));
      ++sessions;
      runs += results->runs.size();
    }
  }
  fmt::print("{} session{} with {} run{} in {}\n", sessions, sessions == 1 ? "" : "s", runs,
             runs == 1 ? "" : "s", history.file().string());
  return code;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--history", options->history,
                 "History file; default: $THAW_HISTORY, else thaw/history.sqlite in the XDG data "
                 "home")
      ->type_name("FILE");
  app.add_option("-n,--lines", options->most, "Sessions to list, newest first")
      ->check(CLI::Range(size_t{1}, size_t{1'000'000}))
      ->capture_default_str();
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.add_subcommand("list", "the sessions, newest first (what `thawlab history` alone does)");
  CLI::App* adding =
      app.add_subcommand("import", "add what results.json files tell; twice is as good as once");
  adding->add_option("DIR", options->directories, "Results directories, or directories of such")
      ->required();
  return [=] { return adding->parsed() ? import(*options) : list(*options); };
}

}  // namespace

const Command kHistoryCommand{"history",
                              "list recorded sessions, or rebuild the history from "
                              "results",
                              setup};

}  // namespace lab
