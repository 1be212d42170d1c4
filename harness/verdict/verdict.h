#pragma once
// The judge: a pure function from evidence to a verdict.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/case/case.h"
#include "harness/run/evidence.h"
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
};

struct Finding {
  std::string title;
  std::string type;      ///< "soft_lockup", "rcu_stall", "panic", …
  std::string severity;  ///< "crash", "hang", "warning", "expected"
  int line = 0;          ///< 1-based, in the console log
};

struct Verdict {
  VerdictKind kind = VerdictKind::infra;
  std::string reason;         ///< one sentence
  std::vector<Stall> stalls;  ///< longest first, at most 200
  uint64_t stalls_total = 0;
  double floor_ms = 0;             ///< stalls shorter than this could not have been seen
  std::vector<Finding> findings;   ///< of the console
  std::vector<std::string> notes;  ///< what the report should also say
};

/// `capture` is null when there is none or it could not be read.
Verdict judge(const Case& test, const Evidence& evidence, const thaw::Capture* capture,
              const std::vector<Finding>& findings);

}  // namespace lab
