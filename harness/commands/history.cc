// `thawlab history`: the sessions that were recorded here, what they are rebuilt from, and the
// baselines that they make.

#include <algorithm>
#include <cstdio>
#include <memory>

#include "harness/commands/command.h"
#include "harness/provision/pattern.h"
#include "harness/report/sessions.h"
#include "harness/report/trends.h"
#include "harness/results/history.h"
#include "harness/results/store.h"
#include "profiler/base/date.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string case_name;
  std::string kernels = "*";
  int64_t session = 0;
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

/// A session that two files know is the one that got further: whichever file is read first.
SessionRecord further(SessionRecord session, const History& history, std::optional<int64_t> known) {
  if (!known) return session;
  const auto here = history.session(*known);
  if (here && here->finished && !session.finished) {
    session.finished = true;
    session.directory = here->directory;
  }
  return session;
}

Result<int> merge(const Options& options) {
  History history = TRY(History::open(TRY(file_of(options))));
  size_t fresh = 0;
  size_t sessions = 0;
  for (const std::string& file : options.directories) {
    const History other = TRY(History::open_existing(file));
    for (SessionRecord& session : TRY(other.since(""))) {
      const auto known = TRY(history.find(session.key));
      TRY(history.put(further(std::move(session), history, known)));
      fresh += known ? 0 : 1;
      sessions++;
    }
  }
  fmt::print("{} session{}, {} of them new, into {}\n", sessions, sessions == 1 ? "" : "s", fresh,
             history.file().string());
  return 0;
}

/// The kernels that runs of the case were on and the pattern means, newest run first, with that
/// run.
std::vector<const PastRun*> newest_by_kernel(const Past& past, const std::string& pattern) {
  std::vector<const PastRun*> newest;
  for (const PastRun& run : past.runs) {
    const auto is_there = [&](const PastRun* other) {
      return other->trial.kernel == run.trial.kernel;
    };
    if (!run.trial.kernel.empty() && !run.trial.measures.empty() &&
        matches(pattern, run.trial.kernel, "") && std::ranges::none_of(newest, is_there))
      newest.push_back(&run);
  }
  return newest;
}

Result<int> baseline(const Options& options) {
  TRY(check_pattern(options.kernels));
  const History history = TRY(History::open_existing(TRY(file_of(options))));
  const Past past = TRY(history.past(options.case_name, ""));
  const auto newest = newest_by_kernel(past, options.kernels);
  if (newest.empty())
    return fail(
        ErrorKind::User,
        "no run of case {} on a kernel {} with measures in {}; `thawlab history import DIR` "
        "adds those of earlier results",
        options.case_name, options.kernels, history.file().string());
  for (const PastRun* run : newest) {
    // As a session would see it that begins now and does the same.
    const BaselineQuery query{.session = "",
                              .started = thaw::date_text(thaw::kIsoTime, thaw::Zone::utc),
                              .host_id = run->host_id,
                              .case_name = options.case_name,
                              .kernel = run->trial.kernel,
                              .settings = run->trial.settings,
                              .accelerator = run->trial.accelerator,
                              .is_deterministic = !run->trial.digest.empty()};
    const CaseTrend trend = hold_against(choose_baseline(past, query), {&run->trial}, kTrendAlpha);
    fmt::print("{}{}", run == newest.front() ? "" : "\n", baseline_text(trend));
  }
  if (!past.accepted.empty())
    fmt::print("accepted: baselines of {} begin at {}\n", options.case_name, past.accepted);
  return 0;
}

Result<int> accept(const Options& options) {
  History history = TRY(History::open_existing(TRY(file_of(options))));
  TRY(history.accept(options.session, options.case_name));
  fmt::print("baselines of {} begin with session {}\n", options.case_name, options.session);
  return 0;
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
  CLI::App* joining = app.add_subcommand(
      "merge",
      "add all that other machines' history files know; in any order, twice is as good as once");
  joining->add_option("FILE", options->directories, "History files")
      ->required()
      ->check(CLI::ExistingFile);
  CLI::App* showing = app.add_subcommand(
      "baseline", "what the next run of a case will be held against, measure by measure");
  showing->add_option("CASE", options->case_name, "Name of the case")->required();
  showing->add_option("-k,--kernel", options->kernels, "Only kernels that this pattern means")
      ->type_name("PATTERN")
      ->capture_default_str();
  CLI::App* accepting = app.add_subcommand(
      "accept", "what a session measured of a case is meant: its baselines begin there");
  accepting->add_option("SESSION", options->session, "Number of the session")->required();
  accepting->add_option("CASE", options->case_name, "Name of the case")->required();
  return [=]() -> Result<int> {
    if (adding->parsed()) return import(*options);
    if (joining->parsed()) return merge(*options);
    if (showing->parsed()) return baseline(*options);
    if (accepting->parsed()) return accept(*options);
    return list(*options);
  };
}

}  // namespace

const Command kHistoryCommand{"history",
                              "list recorded sessions, or rebuild the history from "
                              "results",
                              setup};

}  // namespace lab
