// Sessions in SQLite; history_runs.cc has their runs, and nobody else knows it. SQLiteCpp throws;
// every public function here turns that into an Error and its transaction back. The journal is a
// write-ahead log, so that a reader (`thawlab report`) never waits for a night's run that is being
// recorded; where the file system cannot do that, SQLite stays with its older journal and
// everything works but the waiting.

#include "harness/results/history.h"

#include <cstdlib>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "harness/results/history_runs.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace fs = std::filesystem;

struct History::State {
  fs::path file;
  SQLite::Database database;
};

namespace {

// Another thawlab holds the lock for one insert, some milliseconds. Who holds it for two seconds is
// stuck, and a run must not wait for that.
constexpr int kBusyMs = 2000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::unexpected<thaw::Error> failed(const fs::path& file, const SQLite::Exception& error) {
  std::string next = "check its permissions and the space left";
  switch (error.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      next = "another program holds it";
      break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      next = "move it away; `thawlab history import DIR` rebuilds it";
      break;
  }
  return fail(ErrorKind::Environment, "history {}: {}: {}", file.string(), error.what(), next);
}

/// Calls `work`, which may throw what SQLiteCpp throws.
template <class Work>
auto guarded(const fs::path& file, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    return failed(file, error);
  }
}

Status migrate(SQLite::Database& database, const fs::path& file,
               std::span<const char* const> migrations) {
  // The lock is taken before the version is read: two programs that start together do not both
  // create the tables.
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const auto version = static_cast<size_t>(database.execAndGet("PRAGMA user_version").getInt());
  if (version > migrations.size())
    return fail(ErrorKind::Environment,
                "history {} is of version {}, this thawlab knows {}: use the newer thawlab, or "
                "another --history",
                file.string(), version, migrations.size());
  if (version == migrations.size()) return {};
  for (const char* step : migrations.subspan(version)) database.exec(step);
  database.exec(fmt::format("PRAGMA user_version = {}", migrations.size()));
  transaction.commit();
  return {};
}

// --- sessions

void bind_head(SQLite::Statement& to, const SessionRecord& session) {
  to.bind(":key", session.key);
  to.bind(":name", session.name);
  to.bind(":started", session.started);
  to.bind(":thaw", session.thaw_version);
  to.bind(":commit", session.commit);
  to.bind(":host_id", session.host_id);
  to.bind(":host", session.host);
  to.bind(":directory", session.directory);
  to.bind(":planned", session.planned);
  to.bind(":finished", session.finished ? 1 : 0);
}

constexpr const char* kPutSession = R"sql(
INSERT INTO session (key, name, started, thaw, thaw_commit, host_id, host, directory, planned,
                     finished)
VALUES (:key, :name, :started, :thaw, :commit, :host_id, :host, :directory, :planned, :finished)
ON CONFLICT (key) DO UPDATE SET directory = excluded.directory, planned = excluded.planned,
  finished = excluded.finished)sql";

constexpr const char* kSessionColumns =
    "session.id AS id, key, session.name AS name, started, thaw, thaw_commit, host_id, host, "
    "session.directory AS directory, planned, finished";

SessionRecord head_of(SQLite::Statement& row) {
  const auto text = [&](const char* column) { return row.getColumn(column).getString(); };
  return {.id = row.getColumn("id").getInt64(),
          .key = text("key"),
          .name = text("name"),
          .started = text("started"),
          .thaw_version = text("thaw"),
          .commit = text("thaw_commit"),
          .host_id = text("host_id"),
          .host = text("host"),
          .directory = text("directory"),
          .planned = row.getColumn("planned").getInt(),
          .finished = row.getColumn("finished").getInt() != 0};
}

std::optional<int64_t> find_key(const SQLite::Database& database, const std::string& key) {
  SQLite::Statement query(database, "SELECT id FROM session WHERE key = ?");
  query.bind(1, key);
  if (!query.executeStep()) return std::nullopt;
  return query.getColumn(0).getInt64();
}

}  // namespace

std::optional<fs::path> history_file(const std::string& asked) {
  const std::string named = asked.empty() ? variable("THAW_HISTORY") : asked;
  if (named == "none") return std::nullopt;
  if (!named.empty()) return fs::path(named);
  const fs::path data = variable("XDG_DATA_HOME");
  if (data.is_absolute()) return data / "thaw" / "history.sqlite";  // the standard: else ignored
  const std::string home = variable("HOME");
  if (home.empty()) return std::nullopt;
  return fs::path(home) / ".local/share/thaw/history.sqlite";
}

History::History(std::unique_ptr<State> state) : state_(std::move(state)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;
History::~History() = default;

const fs::path& History::file() const {
  return state_->file;
}

Result<History> History::open(const fs::path& file) {
  return open(file, history_migrations());
}

Result<History> History::open(const fs::path& file, std::span<const char* const> migrations) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    return fail(ErrorKind::Environment, "history {}: cannot make its directory: {}", file.string(),
                error.message());
  return guarded(file, [&]() -> Result<History> {
    auto state = std::make_unique<State>(State{
        file,
        SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs)});
    SQLite::Database& database = state->database;
    database.exec("PRAGMA foreign_keys = ON");
    // Not exec(): these answer with a row. A power cut may cost the last runs, never the file.
    SQLite::Statement(database, "PRAGMA journal_mode = WAL").executeStep();
    database.exec("PRAGMA synchronous = NORMAL");
    TRY(migrate(database, file, migrations));
    return History(std::move(state));
  });
}

Result<History> History::open_existing(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored))
    return fail(ErrorKind::User,
                "there is no history {} yet; `thawlab run` makes it, `thawlab history import DIR` "
                "fills it from earlier results",
                file.string());
  return open(file);
}

Status History::put(const SessionRecord& session) {
  return guarded(state_->file, [&]() -> Status {
    SQLite::Database& database = state_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement put(database, kPutSession);
    bind_head(put, session);
    put.exec();
    const auto id = find_key(database, session.key);
    for (const Trial& trial : session.trials) put_trial(database, id.value(), trial);
    transaction.commit();
    return {};
  });
}

Status History::put(const std::string& session_key, const Trial& trial) {
  return guarded(state_->file, [&]() -> Status {
    SQLite::Database& database = state_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const auto id = find_key(database, session_key);
    if (!id)
      return fail(ErrorKind::Environment,
                  "history {}: the session was removed from it while it ran",
                  state_->file.string());
    put_trial(database, *id, trial);
    transaction.commit();
    return {};
  });
}

Result<std::vector<History::Line>> History::list(size_t most) const {
  return guarded(state_->file, [&]() -> Result<std::vector<Line>> {
    SQLite::Statement query(
        state_->database,
        fmt::format(
            "SELECT {}, count(run.id) AS runs,"
            " total(verdict <> expected AND known = '' AND verdict NOT IN ('infra', 'incapable'))"
            " AS unexpected, total(verdict <> expected AND known <> '') AS known_runs,"
            " total(verdict <> expected AND known = '' AND verdict IN ('infra', 'incapable'))"
            " AS undecided"
            " FROM session LEFT JOIN run ON run.session = session.id GROUP BY session.id"
            " ORDER BY started DESC, session.id DESC LIMIT {}",
            kSessionColumns, most));
    std::vector<Line> lines;
    while (query.executeStep())
      lines.push_back(
          {head_of(query), query.getColumn("runs").getInt(), query.getColumn("unexpected").getInt(),
           query.getColumn("known_runs").getInt(), query.getColumn("undecided").getInt()});
    return lines;
  });
}

Result<SessionRecord> History::session(int64_t id) const {
  return guarded(state_->file, [&]() -> Result<SessionRecord> {
    SQLite::Statement query(state_->database,
                            fmt::format("SELECT {} FROM session WHERE id = ?", kSessionColumns));
    query.bind(1, id);
    if (!query.executeStep())
      return fail(ErrorKind::User, "no session {} in {}; `thawlab history` lists them", id,
                  state_->file.string());
    SessionRecord session = head_of(query);
    session.trials = trials_of(state_->database, id);
    return session;
  });
}

Result<std::vector<SessionRecord>> History::since(const std::string& since) const {
  return guarded(state_->file, [&]() -> Result<std::vector<SessionRecord>> {
    SQLite::Statement query(
        state_->database,
        fmt::format("SELECT {} FROM session WHERE started >= ? ORDER BY started, id",
                    kSessionColumns));
    query.bind(1, since);
    std::vector<SessionRecord> sessions;
    while (query.executeStep()) {
      sessions.push_back(head_of(query));
      sessions.back().trials = trials_of(state_->database, sessions.back().id);
    }
    return sessions;
  });
}

Result<std::optional<int64_t>> History::find(const std::string& key) const {
  return guarded(state_->file, [&]() -> Result<std::optional<int64_t>> {
    return find_key(state_->database, key);
  });
}

Result<Past> History::past(const std::string& case_name, const std::string& but_not) const {
  return guarded(state_->file, [&]() -> Result<Past> {
    const SQLite::Database& database = state_->database;
    Past past;
    SQLite::Statement accepted(database, "SELECT started FROM accepted WHERE case_name = ?");
    accepted.bind(1, case_name);
    if (accepted.executeStep()) past.accepted = accepted.getColumn(0).getString();
    SQLite::Statement query(database,
                            "SELECT run.*, session.key AS session_key, started, host_id"
                            " FROM run JOIN session ON session.id = run.session"
                            " WHERE case_name = ? AND session.key <> ?"
                            " ORDER BY started DESC, run.id DESC LIMIT 1000");
    query.bind(1, case_name);
    query.bind(2, but_not);
    while (query.executeStep()) {
      past.runs.push_back({query.getColumn("session_key").getString(),
                           query.getColumn("started").getString(),
                           query.getColumn("host_id").getString(), trial_of(query)});
      past.runs.back().trial.measures = measures_of(database, query.getColumn("id").getInt64());
    }
    return past;
  });
}

Status History::accept(int64_t session, const std::string& case_name) {
  return guarded(state_->file, [&]() -> Status {
    SQLite::Database& database = state_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement run(database,
                          "SELECT id FROM run WHERE session = ? AND case_name = ? LIMIT 1");
    run.bind(1, session);
    run.bind(2, case_name);
    if (!run.executeStep())
      return fail(ErrorKind::User, "session {} has no run of case {}; `thawlab show {}` lists them",
                  session, case_name, session);
    SQLite::Statement since(database,
                            "INSERT OR REPLACE INTO accepted"
                            " SELECT ?, started FROM session WHERE id = ?");
    since.bind(1, case_name);
    since.bind(2, session);
    since.exec();
    transaction.commit();
    return {};
  });
}

}  // namespace lab
