#pragma once
// What the frames carry: plain structs, and their JSON. Guest times are CLOCK_MONOTONIC of the
// guest, nanoseconds.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/agent/kernel_messages.h"
#include "harness/agent/map_messages.h"
#include "harness/agent/recorder_messages.h"
#include "profiler/base/errors.h"

namespace lab {

/// Where the agent finds its plan in the guest.
inline constexpr const char* kPlanPath = "/plan.json";
/// Where programs run and write in the guest: a file system in memory, of limited size.
inline constexpr const char* kScratch = "/scratch";
/// Where a userland from a disk is put together, and the directory of the initramfs whose files lie
/// over those of the disk.
inline constexpr const char* kUserland = "/userland";
inline constexpr const char* kOverlay = "/overlay";
/// The virtio-serial port's name.
inline constexpr const char* kAgentPort = "thaw.agent";

/// The names of the files that the agent sends besides the capture: of symbols, of which process
/// had which code mapped when the load ended, and of what recorders left that write no captures.
inline constexpr const char* kSymbolsFile = "symbols";
inline constexpr const char* kProcessesFile = "processes";
inline constexpr const char* kProfileFile = "profile";
inline constexpr const char* kComparisonFile = "comparison";

/// What the agent is to do, from the moment it runs to its goodbye. In the initramfs rather than
/// sent: nothing has to come from the host while the guest runs.
struct AgentPlan {
  std::vector<std::string> workload;  ///< arguments; empty: no load
  RecorderPlan subject;               ///< no command: nothing under test
  RecorderPlan comparison;            ///< started before the subject, and stopped after it
  /// Where programs run and write. An agent that serves takes its own directory instead.
  std::string scratch = kScratch;
  std::string root;  ///< kUserland: mount the disk, the subject's root is there; empty: neither
  std::string user;  ///< of recorders: name, UID or UID:GID; empty: root
  bool apic_nmi = false;
  bool pit_nmi = false;  ///< NMIs from the interval timer, to every CPU
  bool pmu_nmi = false;  ///< NMIs from a hardware counter of cycles, on every CPU
  double nmi_rate_hz = 300;
  double nmi_jitter = 0.5;
  /// Count, with the kernel's BPF statistics, how often programs attached to nmi_handler ran. Costs
  /// two clock reads per run of every program, so only for subjects that do not count themselves.
  bool count_nmi_runs = false;
  bool probe_maps = false;  ///< use the subject's maps in NMI, see subject_bpf.h
  bool needs_pmu = false;   ///< without one the case is not played
  uint64_t seed = 1;
  double duration_s = 10;
  std::map<std::string, std::string> sysctls;
  int scratch_mib = 0;        ///< size of kScratch; 0: half of the memory
  bool send_symbols = false;  ///< before the load, so that the lab can name a stack
  /// Tell an oracle outside what happens when (oracle_marks.h), and the lab which process has which
  /// files mapped when the load ends.
  bool has_marks = false;
  double settle_s = 0;  ///< to wait before the subject is started, for what a boot leaves to do
  /// Says that the subject is ready, then nothing more until a TrialOrder comes: that is where the
  /// machine's state is saved.
  bool await_trial = false;
  std::optional<std::string> mishap;  ///< what the agent is to do wrong (mishap.h); the self-test's
  /// What `shell_open` starts, in `root`. With one, the guest stays after its goodbye until it
  /// hears `farewell`, however long; empty: no shell.
  std::vector<std::string> shell;
};

/// What a guest that waits ready is to do now, once per restored machine. Fields are those of
/// AgentPlan and replace its own.
struct TrialOrder {
  uint64_t seed = 1;
  double duration_s = 1;
  double nmi_rate_hz = 300;
  double nmi_jitter = 0.5;
  std::vector<std::string> workload;
};

struct Hello {
  std::string kernel;      ///< uname -r
  std::string version;     ///< uname -v
  uint32_t cpus = 0;       ///< online
  uint64_t beat_page = 0;  ///< guest physical address of the BeatPage; 0: there is none
};

struct Beat {
  int64_t time_ns = 0;
  double load_s = 0;  ///< 0 before and after the load
};

struct Pong {
  uint64_t number = 0;
  int64_t time_ns = 0;
};

struct BeatDelay {
  uint32_t cpu = 0;
  int64_t due_ns = 0;
  int64_t late_ns = 0;
};

struct Outcome {
  std::string failure;  ///< what the agent itself could not do; empty: nothing
  int64_t load_start_ns = 0;
  int64_t load_end_ns = 0;  ///< 0: the load never ran
  bool subject_started = false;
  bool subject_ready = false;
  bool subject_died_early = false;
  std::optional<int> subject_exit;  ///< 128+N for signal N
  std::string subject_output;       ///< last 8 KiB of stdout and stderr
  std::string subject_conversion;   ///< as RecorderSeen has it
  std::optional<uint64_t> subject_programs;
  std::optional<uint64_t> subject_nmi_runs;
  uint64_t nmis_sent = 0;
  std::vector<uint64_t> nmis_delivered;
  std::string workload_output;
  std::optional<int> workload_exit;
  std::vector<BeatDelay> late_beats;
  uint64_t late_beats_dropped = 0;
  int64_t beat_period_ns = 0;
  std::optional<std::string> incapable;  ///< why this machine cannot show what the case is about
  std::optional<NmiMeterSeen> meter;
  std::optional<KernelSeen> kernel;        ///< absent when the load never ran
  std::optional<RecorderSeen> comparison;  ///< absent when there was to be none
};

/// What is known of a machine that the lab did not boot, about what may stand behind it.
struct HostFacts {
  bool has_hypervisor = false;
  uint64_t steal_ms = 0;  ///< of all CPUs, while the case was played
};

/// A terminal of the lab's side.
struct Window {
  uint32_t rows = 24;
  uint32_t columns = 80;
  std::string terminal = "linux";  ///< $TERM
};

std::string to_json(const AgentPlan& plan);
std::string to_json(const TrialOrder& order);
std::string to_json(const Hello& hello);
std::string to_json(const Beat& beat);
std::string to_json(const Pong& pong);
std::string to_json(const Outcome& outcome);
std::string to_json(const MapAudit& audit);
std::string to_json(const Window& window);
std::string to_json(const HostFacts& facts);

/// Fails with Corrupt on anything that is not the JSON of a T.
template <class T>
thaw::Result<T> parse_message(std::string_view json);
template <>
thaw::Result<AgentPlan> parse_message<AgentPlan>(std::string_view json);
template <>
thaw::Result<TrialOrder> parse_message<TrialOrder>(std::string_view json);
template <>
thaw::Result<Hello> parse_message<Hello>(std::string_view json);
template <>
thaw::Result<Beat> parse_message<Beat>(std::string_view json);
template <>
thaw::Result<Pong> parse_message<Pong>(std::string_view json);
template <>
thaw::Result<Outcome> parse_message<Outcome>(std::string_view json);
template <>
thaw::Result<MapAudit> parse_message<MapAudit>(std::string_view json);
template <>
thaw::Result<Window> parse_message<Window>(std::string_view json);
template <>
thaw::Result<HostFacts> parse_message<HostFacts>(std::string_view json);

}  // namespace lab
