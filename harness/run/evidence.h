#pragma once
// Everything that one run left behind for the judge. Filled by run/, read by verdict/. Plain data:
// no verdict is formed here, and nothing in here is a guess. Host times are CLOCK_MONOTONIC of the
// host, guest times that of the guest.

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/agent/kernel_messages.h"
#include "harness/agent/map_messages.h"
#include "harness/oracle/profile.h"
#include "harness/run/stacks/stack.h"
#include "profiler/base/errors.h"

namespace lab {

/// [start_ns, end_ns)
struct Interval {
  int64_t start_ns = 0;
  int64_t end_ns = 0;
};

/// A heartbeat thread (pinned, SCHED_FIFO) of the agent woke later than it asked to.
struct LateBeat {
  uint32_t cpu = 0;
  int64_t due_ns = 0;  ///< guest time it asked for
  int64_t late_ns = 0;
};

/// How guest time maps to host time: host = guest + offset_ns + drift · (guest - origin_ns).
struct ClockMap {
  int64_t origin_ns = 0;
  int64_t offset_ns = 0;
  double drift = 0;
  int64_t error_ns = 0;  ///< half-width: how far off a mapped time may be

  int64_t to_host(int64_t guest_ns) const {
    return guest_ns + offset_ns + std::llround(drift * static_cast<double>(guest_ns - origin_ns));
  }
  Interval to_host(Interval guest) const {
    return {to_host(guest.start_ns), to_host(guest.end_ns)};
  }
};

struct SubjectOutcome {
  bool started = false;
  bool ready = false;
  bool died_early = false;           ///< it ended before it was told to
  std::optional<int> exit_code;      ///< 128+N for signal N; absent when it never ended
  std::string output_tail;           ///< last 8 KiB of stdout and stderr together
  std::string conversion;            ///< why there came no profile of it; empty: nothing to say
  std::optional<uint64_t> programs;  ///< BPF programs it had loaded when the load began
  /// Runs of its programs in NMI context, as the kernel's BPF statistics or the subject's capture
  /// tell; absent unknown.
  std::optional<uint64_t> nmi_runs;
};

struct NmiOutcome {
  uint64_t sent = 0;
  std::vector<uint64_t>
      delivered;  ///< per CPU: growth of the NMI line of /proc/interrupts over the load
};

struct GuestFacts {
  std::string kernel;   ///< uname -r, read in the guest
  std::string version;  ///< uname -v
  uint32_t cpus = 0;
  int64_t clock_floor_ns = 0;  ///< smallest stall that the heartbeats could have seen
};

/// The guest, stopped for a moment and read from outside.
struct Look {
  std::string why;                    ///< "CPU 1 silent for 45 ms"
  Interval stopped;                   ///< host time
  bool was_stopped = true;            ///< else what was seen is not of one moment
  std::vector<uint32_t> silent_cpus;  ///< that had not beaten; empty when nobody spoke
  std::vector<CpuStack> cpus;
};

struct Evidence {
  // How far it came. Each stage is absent when it was not reached.
  std::optional<double> agent_hello_ms;  ///< from the start of QEMU to the agent's hello
  std::optional<GuestFacts> guest;
  std::optional<Interval> load_guest;  ///< guest time in which load and NMIs ran
  std::optional<Interval> load_host;
  bool agent_goodbye = false;  ///< the agent said that it had sent everything
  int64_t last_heartbeat_host_ns = 0;
  /// Longest time between two heartbeat frames during the load, by the guest's clock; of a guest
  /// that never went on, the host's time since its last frame.
  int64_t longest_silence_ns = 0;
  Interval longest_silence_host;

  // What the lab itself failed at. A run with this set is `infra`.
  std::optional<thaw::Error> infra;
  std::optional<std::string> qemu_death;  ///< QEMU ended by itself: "signal 9", "exit 1: …"
  /// Why the guest ended the machine, as QEMU tells: "guest-reset", "guest-shutdown"; "" unknown.
  std::string shutdown;
  bool gave_up_waiting = false;  ///< the guest stopped answering and the lab ended it
  std::string hang_proof;        ///< why the lab did not wait out the whole silence; empty: it did
  std::vector<Look> looks;       ///< at stalls, by time, then at the silence that lasted
  /// When the lab had stopped the guest, host time. All other host times of a guest under TCG are
  /// as if it never had (stop_clock.h); under KVM the stops are among the gaps.
  std::vector<Interval> lab_stops;

  /// This machine cannot show what the case is about; the case was not played.
  std::optional<std::string> incapable;

  SubjectOutcome subject;
  /// What stood beside it for comparison; absent: nothing, or the guest never told.
  std::optional<SubjectOutcome> comparison;
  std::optional<MapAudit> maps;       ///< of the subject; absent when the load never began
  std::optional<NmiMeterSeen> meter;  ///< what BPF programs took in NMI; guest times
  std::optional<KernelSeen> kernel;   ///< by the guest's own account; absent when it crashed
  NmiOutcome nmi;
  std::optional<std::string> workload_truth;  ///< JSON that the workload printed
  std::vector<LateBeat> late_beats;
  uint64_t late_beats_dropped = 0;  ///< there was no room for more
  std::optional<ClockMap> clock;
  /// Per vCPU: when its thread was runnable and not running, host time. `host_watch` says how it
  /// was found.
  std::vector<std::vector<Interval>> host_gaps;
  /// The same of QEMU's main thread, in which its timers run out: while it waits, the guest's timer
  /// interrupts are late on CPUs that run.
  std::vector<Interval> timer_gaps;
  std::string host_watch;              ///< "bpf", "schedstat" or ""
  std::vector<std::string> host_load;  ///< notes for the report, such as "load average 9.1"

  /// The console is a piece of a log that goes on: of a machine that is not the lab's, or of a
  /// guest that is kept. Its end proves nothing.
  bool console_goes_on = false;

  // Files in the run's directory; empty path: not there.
  std::filesystem::path directory;
  std::filesystem::path console;
  std::filesystem::path capture;
  std::filesystem::path profile;  ///< of a subject that writes no captures, in its case's format
  std::filesystem::path comparison_profile;
  std::filesystem::path agent_log;
  std::filesystem::path symbols;  ///< as run/stacks/symbols.h reads it
  std::filesystem::path oracle;   ///< the guest's exact profile (harness/oracle/README.md)
  std::string oracle_truth;       ///< its text
  std::optional<oracle::Summary> oracle_summary;  ///< present with it

  /// Of a deterministic guest: SHA-256 of every byte that its agent sent, heartbeats, outcome and
  /// capture; equal for equal runs. Empty of others.
  std::string guest_digest;

  std::string accelerator;  ///< "tcg" or "kvm"
  std::string qemu_version;
  std::string qemu_command;
  int attempts = 1;  ///< 2 when an infra failure was retried
  double wall_s = 0;
};

}  // namespace lab
