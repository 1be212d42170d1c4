#pragma once
// A case: what to run, on which kernels, and what must come of it. Read from TOML by parse.h; plain
// data after that.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/profiles/reader.h"

namespace lab {

enum class VerdictKind { pass, freeze, hang, crash, fidelity, subject, incapable, infra };
const char* name_of(VerdictKind kind);
std::optional<VerdictKind> verdict_from_name(std::string_view name);

enum class NmiSource { apic, pit, qmp, pmu, none };
const char* name_of(NmiSource source);
std::optional<NmiSource> nmi_source_from_name(std::string_view name);

/// `functions`: per function, thread and time. `totals`: all of them, per CPU. `exact`: the same,
/// but each by itself instead of whole blocks, which some are left early of.
enum class OracleCounts { nothing, functions, totals, exact };
const char* name_of(OracleCounts counts);
std::optional<OracleCounts> oracle_counts_from_name(std::string_view name);

/// When a subject counts as ready. Exactly one is set; `seconds` is the default.
struct Ready {
  std::optional<std::string> line;  ///< ECMAScript regex over a line of its stdout or stderr
  std::optional<std::string> file;  ///< path in the guest that must exist
  std::optional<int> bpf;  ///< BPF programs loaded by the subject (beyond those there before)
  std::optional<double> seconds;
};

/// What a recorder leaves at {capture} where that is no capture of Thaw's.
struct ProfileLeft {
  thaw::ProfileFormat format{};
  /// Arguments of a program that makes it from {capture}, in the guest and once the recorder has
  /// ended: what it prints is the profile. Empty: {capture} is one already.
  std::vector<std::string> convert;
};

struct Subject {
  /// Arguments; "{duration_s}", "{capture}" and "{case}" (the directory of its file) are replaced.
  /// Empty: nothing is under test, only the load.
  std::vector<std::string> command;
  Ready ready;
  std::string stop = "SIGINT";
  double grace_s = 10;
  /// Host files copied to the same path in the guest; of a directory all that are below it.
  std::vector<std::filesystem::path> files;
  std::map<std::string, std::string> env;
  /// The userland that it runs in, from a disk: "debian:SUITE+PACKAGE+…", with the packages that it
  /// needs ("debian:bookworm+linux-perf+bpftrace"). Its programs are then looked up there and not
  /// on this host; "thaw" stays ours. Empty: nothing but the program and what it links to.
  std::string image;
  /// Who runs it: a name of the image's /etc/passwd, or UID or UID:GID. Empty: root.
  std::string user;
  double ready_timeout_s = 60;  ///< not ready by then: verdict `subject`
  /// What it may lose by its own account, the last line that it prints, which is JSON: name of a
  /// number in it, and the greatest value that is no `fidelity`.
  std::map<std::string, double> at_most;
  /// It leaves a profile of this format, and is judged by what that can carry. Absent: it leaves a
  /// Thaw capture, or nothing.
  std::optional<ProfileLeft> profile;
  /// It is told where to put what it records.
  bool names_capture() const;
  /// It writes a Thaw capture to {capture}: judged by it too.
  bool writes_capture() const { return names_capture() && !profile; }
};

struct Nmi {
  NmiSource source = NmiSource::none;
  double rate_hz = 300;
  double jitter = 0.5;  ///< each interval is uniform in rate^-1 · [1-jitter, 1+jitter]
  /// The lab uses the subject's maps in NMI itself, for subjects that cannot sample in NMI here.
  bool probe_maps = false;
  /// The case proves nothing unless a program of the subject ran in NMI context.
  bool required() const { return source != NmiSource::none; }
};

struct MachineSpec {
  int cpus = 2;
  int memory_mib = 1024;
  std::map<std::string, std::string> sysctls;  ///< set before the subject starts
  int scratch_mib = 0;  ///< of the file system where the subject runs; 0: half of memory
  /// Without the hypervisor bit the guest runs the lock code that real machines run; with it a
  /// test-and-set fallback.
  std::string cpu = "qemu64,-hypervisor";
  /// The guest's clock counts its instructions and nothing reaches it from outside: the same case,
  /// seed and kernel make the same capture, to the last bit. Its CPUs take turns, so that what two
  /// of them do at one moment cannot be seen.
  bool is_deterministic = false;
  /// What of the guest's instructions is counted from outside.
  OracleCounts oracle = OracleCounts::nothing;
};

struct RunSpec {
  double duration_s = 10;
  uint64_t seed = 1;
};

/// What one event costs under this subject: the difference to a run of the same load without one,
/// in instructions, divided by the events. Needs an oracle.
struct CostQuestion {
  std::string per;       ///< "switch" or "sample"; empty: nothing is asked
  std::string baseline;  ///< name of the case without a subject
  std::string peer;      ///< name of the case that it is compared with; may be empty
};

struct Expectation {
  std::string kernels = "*";
  VerdictKind verdict = VerdictKind::pass;
  std::string reason;
  /// `incapable` is no surprise either: whether this machine can show it is not known beforehand.
  bool or_incapable = false;
};

struct Case {
  std::string name;
  std::string why;
  std::filesystem::path file;  ///< empty for a run without a file
  std::vector<std::string> kernels;
  std::vector<std::string>
      workload;  ///< arguments; the program is one of workloads/; empty: no load
  Subject subject;
  /// A second recorder of the same load in the same guest, with a `profile`: measured by the same
  /// measures, and never part of the verdict. No command: there is none. It lives in the subject's
  /// `image`, as its `user`, with its `files`; those of its own, and `at_most`, are empty.
  Subject comparison;
  Nmi nmi;
  MachineSpec machine;
  RunSpec run;
  CostQuestion cost;
  std::vector<Expectation> expect;  ///< first match counts; none matching means pass
};

}  // namespace lab
