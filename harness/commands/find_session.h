#pragma once
// What a word on the command line means as a session: a results directory, a number of the history,
// or one of the newest.

#include <string>

#include "harness/results/history.h"

namespace lab {

/// `word`: a directory or its results.json; a session's number; `last`, the newest session in which
/// something ran; `prev`, the newest before `last` that has a case in common with it. `history`: as
/// for history_file(). Fails with User when there is no such session.
thaw::Result<SessionRecord> find_session(const std::string& word, const std::string& history);

/// The history that `history` means. Fails with User when there is none.
thaw::Result<History> open_history(const std::string& history);

/// Of sessions, oldest first: the newest before `session` that has a case in common with it; null
/// when there is none. Pure.
const SessionRecord* previous_of(const std::vector<SessionRecord>& sessions,
                                 const SessionRecord& session);

}  // namespace lab
