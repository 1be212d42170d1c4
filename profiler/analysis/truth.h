#pragma once
// What a workload of known truth says of itself (workloads/README.md), as far as a capture can be
// held against it. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/ids.h"

namespace thaw {

/// How long a thread had a CPU in one window, by the kernel's own count.
struct OnCpuTruth {
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC
  int64_t end_ns = 0;
  int64_t cpu_ns = 0;        ///< schedstat's first field
  int64_t excluded_ns = 0;   ///< what that leaves out: interrupts and stolen time
  int64_t run_delay_ns = 0;  ///< schedstat's second field: ready, without a CPU
};

/// What a thread waited for in all its turns.
struct WaitTruth {
  uint64_t waits = 0;
  std::string reason;  ///< as name_of(WaitReason)
  Tid woken_by;        ///< 0: nothing is claimed
};

enum class CodeMode : uint8_t { user, kernel, bpf };

/// What was executed inside one function, not in those that it calls.
struct FunctionTruth {
  std::string name;
  std::string module;  ///< file name; "" any: the workload does not say
  CodeMode mode = CodeMode::user;
  int64_t amount = 0;  ///< in Truth::unit
  int64_t in_nmi = 0;  ///< of it, where no NMI can sample
  friend bool operator==(const FunctionTruth&, const FunctionTruth&) = default;
};

/// A chain of calls that every stack with its leaf has.
struct ChainTruth {
  std::string name;
  std::string leaf;
  std::vector<std::string> frames;  ///< leaf first, up to the thread's own function
};

struct ThreadTruth {
  Tid tid;
  Pid pid;  ///< 0: not told
  std::string name;
  std::optional<int64_t> cpu_ns;  ///< the kernel's count, from its birth to the end of its work
  std::vector<FunctionTruth> functions;  ///< empty: not told
  std::optional<OnCpuTruth> on_cpu;
  std::optional<WaitTruth> waits;
};

/// So many threads or processes of one name, all born and dead in the truth's time.
struct CrowdTruth {
  std::string name;
  uint64_t count = 0;
};

struct Truth {
  std::string program;
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC: all that it says happened between these
  int64_t end_ns = 0;
  /// Of FunctionTruth::amount: "ns", or "instructions" of an oracle.
  std::string unit = "ns";
  /// Amounts of different threads compare as their times do; false of CPUs that take turns.
  bool is_even = true;
  std::vector<FunctionTruth> functions;  ///< of all threads; empty: not told
  int64_t total = 0;                     ///< of all threads, functions and the rest; 0 not told
  std::vector<ChainTruth> chains;
  std::vector<CrowdTruth> crowds;
  std::vector<ThreadTruth> threads;
};

/// Fails with User when the text is no truth of a schema that this version knows.
Result<Truth> parse_truth(std::string_view text);

}  // namespace thaw
