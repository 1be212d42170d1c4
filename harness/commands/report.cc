// `thawlab report`: one page over many sessions.

#include <cstdio>
#include <ctime>
#include <memory>
#include <regex>

#include "harness/commands/command.h"
#include "harness/commands/find_session.h"
#include "harness/report/overview.h"
#include "harness/results/store.h"
#include "profiler/base/date.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> directories;
  std::string since;
  std::string history;
  std::string out = "thaw-report.html";
};

/// "30d" or "12h" before now, or a date as it is.
Result<std::string> start_of(const std::string& word) {
  if (word.empty()) return word;
  static const std::regex span("([0-9]{1,5})([dh])");
  static const std::regex date("[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?");
  std::smatch match;
  if (std::regex_match(word, match, span))
    return thaw::date_text(
        thaw::kIsoTime, thaw::Zone::utc,
        std::time(nullptr) - std::stol(match[1]) * (match[2] == "d" ? 86'400 : 3600));
  if (std::regex_match(word, date)) return word;
  return fail(ErrorKind::User, "--since {}: say 30d, 12h or 2026-11-24", word);
}

/// The results in the directories, each a session's or a parent of sessions'.
Result<std::vector<SessionRecord>> sessions_in(const std::vector<std::string>& directories) {
  std::vector<SessionRecord> sessions;
  for (const std::string& directory : directories) {
    const auto files = results_below(directory);
    if (files.empty())
      return fail(ErrorKind::User, "{}: no results.json in it or below it", directory);
    for (const fs::path& file : files)
      sessions.push_back(to_record(TRY(load_results(file)), file.parent_path()));
  }
  return sessions;
}

Result<std::vector<SessionRecord>> sessions_for(const Options& options) {
  const std::string since = TRY(start_of(options.since));
  if (options.directories.empty()) {
    const History history = TRY(open_history(options.history));
    return history.since(since);
  }
  auto sessions = TRY(sessions_in(options.directories));
  std::erase_if(sessions, [&](const SessionRecord& one) { return one.started < since; });
  return sessions;
}

Result<int> report(const Options& options) {
  const Overview overview = make_overview(TRY(sessions_for(options)));
  if (overview.sessions.empty())
    return fail(ErrorKind::User, "no run to report{}; `thawlab history` lists sessions",
                options.since.empty() ? "" : " since " + options.since);
  TRY(thaw::write_file(options.out, to_page(overview)));
  const Comparison& changes = overview.changes;
  fmt::print("{}: {} sessions; since the last run {} new failures, {} fixed\n",
             fs::absolute(options.out).lexically_normal().string(), overview.sessions.size(),
             changes.of(Change::regression).size(), changes.of(Change::fix).size());
  return 0;
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("DIR", options->directories,
                 "Results directories, or directories of such; default: the history");
  app.add_option("--since", options->since, "Only sessions since then: 30d, 12h, 2026-11-24")
      ->type_name("WHEN");
  app.add_option("-o,--out", options->out, "The page")->type_name("FILE")->capture_default_str();
  app.add_option("--history", options->history,
                 "History file; default: $THAW_HISTORY, else the XDG data home")
      ->type_name("FILE");
  return [options] { return report(*options); };
}

}  // namespace

const Command kReportCommand{"report", "one page over many sessions, opening with what changed",
                             setup};

}  // namespace lab
