#pragma once
// The judge: a pure function from evidence to a verdict.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/run/evidence.h"
#include "profiler/analysis/fidelity/measure.h"
#include "profiler/profiles/stack_profile.h"
#include "profiler/store/reader.h"

namespace lab {

/// One measured gap in which a CPU did not do what it should.
struct Stall {
  double start_ms = 0;  ///< since the load began
  double length_ms = 0;
  double host_ms = 0;  ///< of it, what the host took away
  std::vector<uint32_t> cpus;
  std::string context;                 ///< "nmi", "task", "interrupt" or "cpu" for a late heartbeat
  std::vector<std::string> witnesses;  ///< "emit", "heartbeat", "console", "silence"
  /// Kernel return addresses of its longest emit, leaf first; empty when no emit saw it.
  std::vector<uint64_t> stack;

  double own_ms() const { return length_ms - host_ms; }  ///< what the host does not explain
};

/// What one context of one CPU did while the guest stood still.
struct Attribution {
  uint32_t cpu = 0;
  std::string function;  ///< the one that spins, or the leaf
  std::string program;   ///< BPF program that it works for; empty: none
  std::string role;      ///< "holds", "waits", or "runs" in a hang where neither is known
  std::string lock;      ///< "rqspinlock 0x… of ring buffer 'rings' (map 3)"; empty: not known
  std::vector<std::string> stack;  ///< leaf first, down to what it interrupted
  double at_ms = 0;                ///< since the load began
  std::string context;             ///< "nmi", "irq", "softirq", "exception", "task", "interrupt"
  std::string source;              ///< "live": seen from outside; "slow_emit": its own record
};

struct Finding {
  std::string title;
  std::string type;  ///< "soft_lockup", "rcu_stall", "panic", …
  /// "crash": the kernel is gone or cannot be trusted; "lockup": it stood still, and said so;
  /// "warning"; "expected": the lab itself caused it; "cut": the log lacks its end.
  std::string severity;
  int line = 0;  ///< 1-based, in the console log
};

/// The same load as another recorder saw it, which stood beside the subject. No part of the
/// verdict.
struct ComparedRecorder {
  std::string command;  ///< as the case has it
  std::string format;   ///< of its profile
  std::string failure;  ///< why it has no measures, a clause; empty: it has
  std::string untrue;   ///< the first measure that is off, a clause; empty: none is
  std::vector<thaw::Measure> measures;
};

struct Verdict {
  VerdictKind kind = VerdictKind::infra;
  std::string reason;         ///< one sentence
  std::vector<Stall> stalls;  ///< largest own part first, at most 200
  uint64_t stalls_total = 0;
  /// Share of the load in which the host held off no vCPU; absent when the host was not watched.
  std::optional<double> undisturbed;
  /// How far off a time of the guest's may be on the host's clock; absent when none was mapped.
  std::optional<double> clock_error_ms;
  double floor_ms = 0;                   ///< stalls shorter than this could not have been seen
  std::vector<Finding> findings;         ///< of the console
  std::vector<Attribution> attribution;  ///< by time; see attribution.h
  /// Of the subject's capture or profile, against what is known otherwise.
  std::vector<thaw::Measure> measures;
  std::optional<ComparedRecorder> comparison;  ///< absent when nothing stood beside the subject
  std::vector<std::string> notes;              ///< what the report should also say
};

/// A profile of another format, as far as it came.
struct LeftProfile {
  std::optional<thaw::StackProfile> profile;
  std::string failure;  ///< why it cannot be read; empty without a profile: none came
};

/// What recorders left, read.
struct Recordings {
  const thaw::Capture* capture = nullptr;  ///< null: there is none, or it could not be read
  LeftProfile profile;                     ///< of a subject that writes no captures
  LeftProfile comparison;
};

Verdict judge(const Case& test, const Evidence& evidence, const Recordings& recordings,
              const std::vector<Finding>& findings);

}  // namespace lab
