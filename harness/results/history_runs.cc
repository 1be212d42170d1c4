// Rows to trials and back. Each column is named once on each side; a test puts a trial with every
// field set and compares.

#include "harness/results/history_runs.h"

#include <SQLiteCpp/SQLiteCpp.h>

namespace lab {

namespace {

constexpr const char* kPutRun = R"sql(
INSERT INTO run (session, name, case_name, pattern, kernel, release, package, suite, verdict,
  expected, reason, title, known, seed, attempts, accelerator, qemu, load_s, wall_s, floor_ms,
  undisturbed, nmis_sent, nmis_delivered, subject_nmi_runs, stalls_total, directory, settings,
  digest, worse)
VALUES (:session, :name, :case_name, :pattern, :kernel, :release, :package, :suite, :verdict,
  :expected, :reason, :title, :known, :seed, :attempts, :accelerator, :qemu, :load_s, :wall_s,
  :floor_ms, :undisturbed, :nmis_sent, :nmis_delivered, :subject_nmi_runs, :stalls_total,
  :directory, :settings, :digest, :worse)
RETURNING id)sql";

void bind_texts(SQLite::Statement& to, const Trial& trial) {
  to.bind(":name", trial.id);
  to.bind(":case_name", trial.case_name);
  to.bind(":pattern", trial.pattern);
  to.bind(":kernel", trial.kernel);
  to.bind(":release", trial.release);
  to.bind(":package", trial.package);
  to.bind(":suite", trial.suite);
  to.bind(":verdict", name_of(trial.verdict));
  to.bind(":expected", name_of(trial.expected));
  to.bind(":reason", trial.reason);
  to.bind(":title", trial.title);
  to.bind(":known", trial.known);
  to.bind(":accelerator", trial.accelerator);
  to.bind(":qemu", trial.qemu);
  to.bind(":directory", trial.directory);
  to.bind(":settings", trial.settings);
  to.bind(":digest", trial.digest);
}

void bind_numbers(SQLite::Statement& to, const Trial& trial) {
  to.bind(":seed", static_cast<int64_t>(trial.seed));
  to.bind(":attempts", trial.attempts);
  to.bind(":load_s", trial.load_s);
  to.bind(":wall_s", trial.wall_s);
  to.bind(":floor_ms", trial.floor_ms);
  if (trial.undisturbed) to.bind(":undisturbed", *trial.undisturbed);
  to.bind(":nmis_sent", static_cast<int64_t>(trial.nmis_sent));
  to.bind(":nmis_delivered", static_cast<int64_t>(trial.nmis_delivered));
  if (trial.subject_nmi_runs)
    to.bind(":subject_nmi_runs", static_cast<int64_t>(*trial.subject_nmi_runs));
  to.bind(":stalls_total", static_cast<int64_t>(trial.stalls_total));
  to.bind(":worse", trial.is_worse ? 1 : 0);
}

void put_measures(SQLite::Database& database, int64_t run, const Trial& trial) {
  SQLite::Statement name(database,
                         "INSERT INTO measure_name (kind, name, unit) VALUES (?, ?, ?)"
                         " ON CONFLICT DO NOTHING");
  SQLite::Statement value(database,
                          "INSERT OR REPLACE INTO measure SELECT ?, id, ? FROM measure_name"
                          " WHERE kind = ? AND name = ? AND unit = ?");
  for (const TrialMeasure& measure : trial.measures) {
    name.bind(1, measure.kind);
    name.bind(2, measure.name);
    name.bind(3, measure.unit);
    name.exec();
    name.reset();
    value.bind(1, run);
    value.bind(2, measure.value);
    value.bind(3, measure.kind);
    value.bind(4, measure.name);
    value.bind(5, measure.unit);
    value.exec();
    value.reset();
  }
}

/// A verdict that this version does not know (a newer one wrote it) says nothing: infra.
VerdictKind verdict_of(const std::string& name) {
  return verdict_from_name(name).value_or(VerdictKind::infra);
}

std::vector<TrialStall> stalls_of(const SQLite::Database& database, int64_t run) {
  SQLite::Statement query(
      database, "SELECT length_ms, host_ms, context FROM stall WHERE run = ? ORDER BY rowid");
  query.bind(1, run);
  std::vector<TrialStall> stalls;
  while (query.executeStep())
    stalls.push_back({query.getColumn(0).getDouble(), query.getColumn(1).getDouble(),
                      query.getColumn(2).getString()});
  return stalls;
}

}  // namespace

void put_trial(SQLite::Database& database, int64_t session, const Trial& trial) {
  SQLite::Statement old(database, "DELETE FROM run WHERE session = ? AND name = ?");
  old.bind(1, session);
  old.bind(2, trial.id);
  old.exec();
  SQLite::Statement put(database, kPutRun);
  put.bind(":session", session);
  bind_texts(put, trial);
  bind_numbers(put, trial);
  put.executeStep();
  const int64_t run = put.getColumn(0).getInt64();
  SQLite::Statement stall(database, "INSERT INTO stall VALUES (?, ?, ?, ?)");
  for (const TrialStall& one : trial.stalls) {
    stall.bind(1, run);
    stall.bind(2, one.length_ms);
    stall.bind(3, one.host_ms);
    stall.bind(4, one.context);
    stall.exec();
    stall.reset();
  }
  put_measures(database, run, trial);
}

Trial trial_of(SQLite::Statement& row) {
  const auto text = [&](const char* column) { return row.getColumn(column).getString(); };
  const auto count = [&](const char* column) {
    return static_cast<uint64_t>(row.getColumn(column).getInt64());
  };
  Trial trial{.id = text("name"),
              .case_name = text("case_name"),
              .pattern = text("pattern"),
              .kernel = text("kernel"),
              .release = text("release"),
              .package = text("package"),
              .suite = text("suite"),
              .verdict = verdict_of(text("verdict")),
              .expected = verdict_of(text("expected")),
              .reason = text("reason"),
              .title = text("title"),
              .known = text("known"),
              .seed = count("seed"),
              .attempts = row.getColumn("attempts").getInt(),
              .accelerator = text("accelerator"),
              .qemu = text("qemu"),
              .load_s = row.getColumn("load_s").getDouble(),
              .wall_s = row.getColumn("wall_s").getDouble(),
              .floor_ms = row.getColumn("floor_ms").getDouble(),
              .nmis_sent = count("nmis_sent"),
              .nmis_delivered = count("nmis_delivered"),
              .stalls_total = count("stalls_total"),
              .directory = text("directory"),
              .settings = text("settings"),
              .digest = text("digest"),
              .is_worse = count("worse") != 0};
  if (const auto value = row.getColumn("undisturbed"); !value.isNull())
    trial.undisturbed = value.getDouble();
  if (!row.getColumn("subject_nmi_runs").isNull())
    trial.subject_nmi_runs = count("subject_nmi_runs");
  return trial;
}

std::vector<TrialMeasure> measures_of(const SQLite::Database& database, int64_t run) {
  SQLite::Statement query(database,
                          "SELECT kind, measure_name.name AS name, unit, value FROM measure"
                          " JOIN measure_name ON measure_name.id = measure.name"
                          " WHERE run = ? ORDER BY measure.name");
  query.bind(1, run);
  std::vector<TrialMeasure> measures;
  while (query.executeStep())
    measures.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                        query.getColumn(2).getString(), query.getColumn(3).getDouble()});
  return measures;
}

std::vector<Trial> trials_of(const SQLite::Database& database, int64_t session) {
  SQLite::Statement query(database, "SELECT * FROM run WHERE session = ? ORDER BY id");
  query.bind(1, session);
  std::vector<Trial> trials;
  while (query.executeStep()) {
    trials.push_back(trial_of(query));
    const int64_t run = query.getColumn("id").getInt64();
    trials.back().stalls = stalls_of(database, run);
    trials.back().measures = measures_of(database, run);
  }
  return trials;
}

}  // namespace lab
