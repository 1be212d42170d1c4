// The history's tables, as the steps that made them. A file of any earlier version is brought up to
// date by the steps it lacks. STRICT: a text in a column of numbers is refused when it is written,
// not found years later. Seeds are 64 bits without sign: SQLite's integer has one, so they are
// stored as the same bits.

#include <array>

#include "harness/results/history.h"

namespace lab {

namespace {

constexpr const char* kFirst = R"sql(
CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  started TEXT NOT NULL,
  thaw TEXT NOT NULL,
  thaw_commit TEXT NOT NULL,
  host_id TEXT NOT NULL,
  host TEXT NOT NULL,
  directory TEXT NOT NULL,
  planned INTEGER NOT NULL,
  finished INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_start ON session(started);
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES session(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  case_name TEXT NOT NULL,
  pattern TEXT NOT NULL,
  kernel TEXT NOT NULL,
  release TEXT NOT NULL,
  package TEXT NOT NULL,
  suite TEXT NOT NULL,
  verdict TEXT NOT NULL,
  expected TEXT NOT NULL,
  reason TEXT NOT NULL,
  title TEXT NOT NULL,
  known TEXT NOT NULL,
  seed INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  accelerator TEXT NOT NULL,
  qemu TEXT NOT NULL,
  load_s REAL NOT NULL,
  wall_s REAL NOT NULL,
  floor_ms REAL NOT NULL,
  undisturbed REAL,
  nmis_sent INTEGER NOT NULL,
  nmis_delivered INTEGER NOT NULL,
  subject_nmi_runs INTEGER,
  stalls_total INTEGER NOT NULL,
  directory TEXT NOT NULL,
  UNIQUE (session, name)
) STRICT;
CREATE INDEX run_by_case ON run(case_name, kernel);
CREATE TABLE stall (
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  length_ms REAL NOT NULL,
  host_ms REAL NOT NULL,
  context TEXT NOT NULL
) STRICT;
CREATE INDEX stall_by_run ON stall(run);
)sql";

// What runs measured, for baselines. A name is the same in thousands of runs, so it is kept once. A
// run of before has no settings, and is in no baseline.
constexpr const char* kMeasures = R"sql(
ALTER TABLE run ADD COLUMN settings TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN worse INTEGER NOT NULL DEFAULT 0;
CREATE TABLE measure_name (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  UNIQUE (kind, name, unit)
) STRICT;
CREATE TABLE measure (
  run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  name INTEGER NOT NULL REFERENCES measure_name(id),
  value REAL NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE accepted (
  case_name TEXT PRIMARY KEY,
  started TEXT NOT NULL
) STRICT;
)sql";

constexpr std::array kMigrations{kFirst, kMeasures};

}  // namespace

std::span<const char* const> history_migrations() {
  return kMigrations;
}

}  // namespace lab
