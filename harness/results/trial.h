#pragma once
// A judged run as history and comparison see it: what statistics need of a record, and no more.
// Comes from results.json or from the history, which give the same trials for the same session.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/results/result.h"

namespace lab {

struct TrialStall {
  double length_ms = 0;
  double host_ms = 0;
  std::string context;  ///< as Stall::context

  double own_ms() const { return length_ms - host_ms; }
};

/// How far a run was off in one respect; see trial_measures.h.
struct TrialMeasure {
  std::string kind;  ///< of a MeasureKind, or "lost", "cost"
  std::string name;
  std::string unit;
  double value = 0;  ///< 0 is best
  bool is_same(const TrialMeasure& other) const {
    return kind == other.kind && name == other.name && unit == other.unit;
  }
};

struct Trial {
  std::string id;  ///< of the run, unique in its session
  std::string case_name;
  std::string pattern;
  std::string kernel;   ///< `uname -r`; empty when no guest answered
  std::string release;  ///< what should have booted
  std::string package;  ///< with version
  std::string suite;
  VerdictKind verdict = VerdictKind::infra;
  VerdictKind expected = VerdictKind::pass;
  std::string reason;
  std::string title;  ///< of the worst console finding; empty without one
  std::string known;  ///< id of the known issue that explains the verdict; empty: none
  uint64_t seed = 0;
  int attempts = 1;
  std::string accelerator;
  std::string qemu;
  double load_s = 0;
  double wall_s = 0;
  double floor_ms = 0;
  std::optional<double> undisturbed;
  uint64_t nmis_sent = 0;
  uint64_t nmis_delivered = 0;  ///< all CPUs
  std::optional<uint64_t> subject_nmi_runs;
  uint64_t stalls_total = 0;
  std::vector<TrialStall> stalls;  ///< at most 200, largest own part first
  std::string directory;           ///< relative to the session's
  std::string settings;            ///< RunResult::settings
  std::string digest;              ///< RunResult::guest_digest: equal for equal runs
  bool is_worse = false;           ///< than its baseline was, in some measure: never part of one
  std::vector<TrialMeasure> measures;

  /// The kernel's name for people: what booted, else what should have.
  const std::string& kernel_name() const { return kernel.empty() ? release : kernel; }
  bool as_expected() const { return verdict == expected; }
  /// Says something about the subject: neither infra nor incapable.
  bool is_judged() const {
    return verdict != VerdictKind::infra && verdict != VerdictKind::incapable;
  }
};

/// One `thawlab run`.
struct SessionRecord {
  int64_t id = 0;   ///< in the history; 0: not from there
  std::string key;  ///< the same for ever and on every machine; see ResultSet::session
  std::string name;
  std::string started;  ///< ISO 8601, UTC
  std::string thaw_version;
  std::string commit;
  std::string host_id;  ///< tells hosts apart without naming them
  std::string host;     ///< processor, cores, memory, kernel
  std::string directory;
  int planned = 0;
  bool finished = false;
  std::vector<Trial> trials;  ///< in the order they ran
};

Trial to_trial(const RunResult& run);

/// `directory` is where the results lie; made absolute.
SessionRecord to_record(const ResultSet& results, const std::filesystem::path& directory);

/// As much of the results as the record has, for a table when the directory is gone.
ResultSet to_results(const SessionRecord& session);

/// ResultSet::session, or for results of a thawlab that had none, digits made of what never changes
/// about them: name, start, runs.
std::string session_key(const ResultSet& results);

}  // namespace lab
