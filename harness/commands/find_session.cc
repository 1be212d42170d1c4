// Words to sessions. A word with a directory behind it is that directory, even one named `last`:
// what is on disk is the truth.

#include "harness/commands/find_session.h"

#include <algorithm>
#include <set>

#include "harness/results/store.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace fs = std::filesystem;

namespace {

bool is_number(const std::string& word) {
  return !word.empty() && word.size() < 18 &&
         word.find_first_not_of("0123456789") == std::string::npos;
}

Result<SessionRecord> newest(const std::string& word, const History& history) {
  auto sessions = TRY(history.since(""));
  std::erase_if(sessions, [](const SessionRecord& one) { return one.trials.empty(); });
  if (sessions.empty())
    return fail(ErrorKind::User, "no session of {} has a run yet; `thawlab run` makes one",
                history.file().string());
  SessionRecord last = sessions.back();
  if (word == "last") return last;
  const SessionRecord* previous = previous_of(sessions, last);
  if (!previous)
    return fail(ErrorKind::User,
                "there is no session before {} ({}) with a case of it; `thawlab history` lists all",
                last.id, last.name);
  return *previous;
}

}  // namespace

const SessionRecord* previous_of(const std::vector<SessionRecord>& sessions,
                                 const SessionRecord& session) {
  std::set<std::string> cases;
  for (const Trial& trial : session.trials) cases.insert(trial.case_name);
  const SessionRecord* previous = nullptr;
  for (const SessionRecord& other : sessions) {
    if (other.key == session.key) break;
    if (std::ranges::any_of(other.trials,
                            [&](const Trial& trial) { return cases.contains(trial.case_name); }))
      previous = &other;
  }
  return previous;
}

Result<History> open_history(const std::string& history) {
  const auto file = history_file(history);
  if (!file)
    return fail(ErrorKind::User,
                "there is no history: it is switched off (THAW_HISTORY=none), or this user has no "
                "home; name one with --history FILE");
  return History::open_existing(*file);
}

Result<SessionRecord> find_session(const std::string& word, const std::string& history) {
  std::error_code ignored;
  if (fs::exists(word, ignored)) {
    const ResultSet results = TRY(load_results(word));
    const bool is_directory = fs::is_directory(word, ignored);
    return to_record(results, is_directory ? fs::path(word) : fs::path(word).parent_path());
  }
  if (word != "last" && word != "prev" && !is_number(word))
    return fail(ErrorKind::User,
                "'{}' is no results directory, no number of `thawlab history`, and neither last "
                "nor prev",
                word);
  const History opened = TRY(open_history(history));
  if (is_number(word)) return opened.session(std::stoll(word));
  return newest(word, opened);
}

}  // namespace lab
