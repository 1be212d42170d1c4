#pragma once
// What remains of a run when it is judged: the record in results.json, from which table, junit.xml
// and report.html are made, now or years later. Paths are relative to the results directory.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/results/trend.h"
#include "harness/run/evidence.h"
#include "harness/verdict/verdict.h"
#include "profiler/store/facts.h"

namespace lab {

/// A known issue (known.h), as a record keeps it.
struct KnownMatch {
  std::string id;
  std::string reason;
  std::string link;
  std::string expires;  ///< YYYY-MM-DD
};

struct RunResult {
  std::string id;
  std::string case_name;
  std::string pattern;
  std::string kernel;   ///< uname -r read in the guest; empty when no guest answered
  std::string release;  ///< what the package or the pattern promised
  std::string package;  ///< with version: "linux-image-6.17.8+deb13-cloud-amd64 6.17.8-1"
  std::string suite;

  Verdict verdict;
  VerdictKind expected = VerdictKind::pass;
  bool or_incapable = false;  ///< the case allows `incapable` too
  std::string expected_reason;
  /// The known issue that explains a verdict that was not expected; absent: none does.
  std::optional<KnownMatch> known;
  /// Turns the exit code: not as expected, and no known issue says why.
  bool is_unexpected() const { return !as_expected() && !known; }
  bool as_expected() const {
    return verdict.kind == expected || (or_incapable && verdict.kind == VerdictKind::incapable);
  }

  std::optional<oracle::Summary> oracle;  ///< present when one counted
  CostQuestion cost;                      ///< of the case

  uint64_t seed = 0;
  int attempts = 1;
  /// Of a deterministic guest, as Evidence has it; empty of others.
  std::string guest_digest;
  std::string accelerator;
  std::string qemu;
  std::string host_watch;
  std::vector<std::string> host_load;
  std::optional<double> agent_hello_ms;
  double load_s = 0;  ///< 0: the load never ran
  double wall_s = 0;

  uint64_t nmis_sent = 0;
  std::vector<uint64_t> nmis_delivered;
  std::optional<uint64_t> subject_nmi_runs;

  std::optional<MapAudit> maps;       ///< of the subject; absent when the load never began
  std::optional<NmiMeterSeen> meter;  ///< without `longs`, which are among the stalls
  std::optional<KernelSeen> guest;    ///< what its kernel said of itself and the subject's programs

  std::string workload_truth;  ///< JSON that the workload printed; empty when it printed none

  // From the capture; absent without one.
  std::optional<uint64_t> kernel_switches;  ///< absent too when a CPU's window never closed
  std::optional<uint64_t> switches_recorded;
  std::optional<uint64_t> switches_lost;
  std::map<std::string, uint64_t> losses;
  std::optional<std::array<thaw::EmitHistogram, thaw::kEmitContexts>> emits;

  std::string directory;
  std::string capture;  ///< these five: empty when there is none
  std::string console;
  std::string agent_log;
  std::string picture;  ///< SVG of the threads around the longest stall
  std::string viewer;   ///< page with the capture, and behind # where the longest stall is
  std::string repeat;   ///< the command that repeats this run
  /// Digits of all that the case says of how it is run; runs with others are not compared. Empty
  /// of results that had none yet.
  std::string settings;

  /// The kernel's name for people: what booted, else what should have.
  const std::string& kernel_name() const { return kernel.empty() ? release : kernel; }
};

struct ResultSet {
  static constexpr int kSchema = 1;
  std::string name;     ///< of the case or cases
  std::string started;  ///< ISO 8601, UTC
  std::string thaw_version;
  std::string commit;     ///< of Thaw's tree, 12 digits; "-dirty" after it when it was changed
  std::string session;    ///< 16 random digits: the same session wherever its results are copied
  std::string host_id;    ///< tells hosts apart without naming them
  std::string host;       ///< processor, cores, memory, kernel: what times depend on
  int planned = 0;        ///< runs there were to be; fewer in `runs`: not finished
  bool finished = false;  ///< false while it runs, and for ever when it was interrupted
  std::vector<RunResult> runs;
  std::vector<CaseTrend> trends;  ///< against earlier sessions; made when the session ends
};

/// Puts plan, evidence and verdict into the record. `capture` may be null; `root` is the results
/// directory that paths become relative to.
RunResult summarize(const PlannedRun& run, const Evidence& evidence, const Verdict& verdict,
                    const thaw::Capture* capture, const std::filesystem::path& root);

/// The digits that RunResult::settings has for this case.
std::string settings_digest(const Case& test);

/// 0: every verdict as expected and nothing worse than it was; 69: the unexpected ones are all
/// infra or incapable; else 1. An unfinished set that is otherwise good: 130, as after Ctrl-C.
int exit_code(const ResultSet& results);

}  // namespace lab
