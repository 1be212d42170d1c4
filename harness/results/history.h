#pragma once
// The history: every run ever judged here, in one SQLite file. A convenience on top of the
// results.json files, which stay the truth: it can be deleted and rebuilt from them.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/results/baseline.h"
#include "profiler/base/errors.h"

namespace lab {

/// Where the history is: `asked` (an option's value) when it is not empty, else $THAW_HISTORY, else
/// thaw/history.sqlite in $XDG_DATA_HOME, else in ~/.local/share. Nothing when that says "none", or
/// when there is no home.
std::optional<std::filesystem::path> history_file(const std::string& asked);

/// What a migration brings the file to: its number is its place, from 1; PRAGMA user_version says
/// which were applied. Never changed once released, only appended.
std::span<const char* const> history_migrations();

/// An open history. Movable; used by one thread at a time. Several processes may have the same file
/// open: each change is one transaction, and a change waits up to two seconds for another's.
///
/// Every function fails with Environment, in one sentence, and leaves the file as it was.
class History {
 public:
  /// Makes the file and its directory when they are not there, and brings an older one up to date.
  /// Fails when it was written by a newer thawlab, or is no history.
  static thaw::Result<History> open(const std::filesystem::path& file);
  /// For tests: with other migrations.
  static thaw::Result<History> open(const std::filesystem::path& file,
                                    std::span<const char* const> migrations);
  /// Fails with User when there is no such file.
  static thaw::Result<History> open_existing(const std::filesystem::path& file);

  History(History&&) noexcept;
  History& operator=(History&&) noexcept;
  ~History();

  /// Inserts the session or brings its head up to date, by its key, and puts those of its trials
  /// that are not there yet or have changed; trials of it that are there are kept.
  thaw::Status put(const SessionRecord& session);
  /// One trial of a session that was put; replaces the one of the same id.
  thaw::Status put(const std::string& session_key, const Trial& trial);

  /// Newest first, at most `most`; without trials. `counts` of each are in the same order.
  struct Line {
    SessionRecord session;
    int runs = 0;
    int unexpected = 0;  ///< judged, not as expected, and not known
    int known = 0;
    int undecided = 0;  ///< not as expected, infra or incapable
  };
  thaw::Result<std::vector<Line>> list(size_t most) const;

  /// With trials and stalls. Fails with User when there is none of that id.
  thaw::Result<SessionRecord> session(int64_t id) const;
  /// All that started at or after `since` (ISO 8601; empty: all), oldest first, with trials.
  thaw::Result<std::vector<SessionRecord>> since(const std::string& since) const;
  /// The id of the session of that key.
  thaw::Result<std::optional<int64_t>> find(const std::string& key) const;

  /// The newest runs of a case in other sessions than that of `but_not`, at most 1000, newest
  /// first. Stalls are left out.
  thaw::Result<Past> past(const std::string& case_name, const std::string& but_not) const;
  /// What a session measured of a case, on all kernels, is how it is meant to be: its baseline
  /// begins with it. Fails with User when the session has no run of it.
  thaw::Status accept(int64_t session, const std::string& case_name);

  const std::filesystem::path& file() const;

 private:
  struct State;
  explicit History(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lab
