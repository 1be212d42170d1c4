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

struct ThreadTruth {
  Tid tid;
  std::string name;
  std::optional<OnCpuTruth> on_cpu;
  std::optional<WaitTruth> waits;
};

struct Truth {
  std::string program;
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC: all that it says happened between these
  int64_t end_ns = 0;
  std::vector<ThreadTruth> threads;
};

/// Fails with User when the text is no truth of a schema that this version knows.
Result<Truth> parse_truth(std::string_view text);

}  // namespace thaw
