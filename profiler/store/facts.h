#pragma once
// What a capture says about itself, besides its events: where it was taken and how (Header), and
// what was counted while it ran (Tally). Written by capture/, read by `info` and by analysis.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiler/store/event.h"

namespace thaw {

/// Header::transport of a capture that was made without BPF. Its switches say who left or who came,
/// seldom both; there are no wake-ups, no stacks but those of samples, and no exit codes.
inline constexpr char kPerfEventsAlone[] = "perf-events";

/// Written once, at the start. Everything is text or a number a person could check.
struct Header {
  std::string thaw_version;
  std::string kernel;   ///< uname -r
  std::string machine;  ///< uname -m
  std::string scope;    ///< "all", "pid 123" or "command"
  std::string command;  ///< the command recorded, empty for -a and -p
  std::string clock;    ///< cycles, cpu-clock, nmi or none: what was chosen
  std::string clock_why;
  std::string transport;  ///< split, perf, shared or perf-events: what was chosen
  std::string transport_why;
  uint32_t sample_hz = 0;     ///< as asked; 0 without sampling
  std::string periods;        ///< kernel, fixed, random or thinned; empty: not said
  uint32_t seed = 0;          ///< of the recording's random numbers
  uint32_t cpus = 0;          ///< possible CPUs: CPU numbers are below this
  int64_t start_ns = 0;       ///< CLOCK_MONOTONIC
  int64_t start_unix_ns = 0;  ///< CLOCK_REALTIME at the same moment
  /// Fallbacks taken and features found, in words: "tp_btf sched_switch", "no BTF: …".
  std::vector<std::string> features;

  /// Who wakes whom was recorded.
  bool has_wake_ups() const { return transport != kPerfEventsAlone; }
  friend bool operator==(const Header&, const Header&) = default;
};

/// Emit durations of one CPU in one context. Bucket b counts emits of [2^b, 2^(b+1)) ns; bucket 0
/// also 0 ns.
struct EmitHistogram {
  static constexpr int kBuckets = 40;  // 2^40 ns is 18 minutes
  std::array<uint64_t, kBuckets> buckets{};
  uint64_t max_ns = 0;

  uint64_t count() const;
  friend bool operator==(const EmitHistogram&, const EmitHistogram&) = default;
};

/// The kernel's own context-switch counter (rq->nr_switches) over exactly the recorded window of
/// one CPU: it counted `kernel` switches from the first that the program saw to the last.
struct SwitchWindow {
  uint64_t kernel = 0;
  bool closed =
      false;  ///< false: the CPU never switched after the stop, or the counter could not be read

  friend bool operator==(const SwitchWindow&, const SwitchWindow&) = default;
};

/// Cumulative since the start; written about once a second and at the end. The last readable one
/// counts.
struct Tally {
  int64_t time_ns = 0;
  /// Events that happened as the BPF programs counted them: recorded + lost. By EventKind; at 0
  /// those that were lost before anybody knew their kind.
  std::array<uint64_t, kEventKinds> happened{};
  /// Losses by name (wire/loss.def), then CPU-summed count. Only non-zero ones need to be there.
  std::map<std::string, uint64_t> losses;
  /// emit[cpu][context]; inner array always kEmitContexts long.
  std::vector<std::array<EmitHistogram, kEmitContexts>> emit;
  std::vector<SwitchWindow> switches;  ///< by CPU; empty when not measured
  uint64_t own_cpu_ns = 0;             ///< CPU time of thaw itself while it recorded
  uint64_t nmi_runs = 0;               ///< runs of Thaw's programs in NMI context
  uint64_t programs_ns = 0;            ///< CPU time in Thaw's BPF programs

  friend bool operator==(const Tally&, const Tally&) = default;
};

/// Written last. Absent from a capture that was killed.
struct Ending {
  int64_t end_ns = 0;
  std::string reason;               ///< "duration", "signal SIGINT", "command exited"
  std::optional<int> command_exit;  ///< exit code (128+N for signal N) of the recorded command

  friend bool operator==(const Ending&, const Ending&) = default;
};

}  // namespace thaw
