#pragma once
// `thaw watch`: is this machine standing still? No sampling, no ring, nothing that could make it
// worse.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "profiler/base/errors.h"

namespace thaw {

/// One stall as it was seen.
struct Stall {
  enum class Witness { heartbeat, nmi, kernel_log };
  Witness witness = Witness::heartbeat;
  int64_t end_ns = 0;     ///< CLOCK_MONOTONIC
  int64_t length_ns = 0;  ///< 0 when only the kernel's words are known
  std::optional<uint32_t> cpu;
  std::string text;  ///< the kernel's line, for kernel_log
};
const char* name_of(Stall::Witness witness);

struct WatchOptions {
  std::optional<double> duration_s;
  std::vector<std::string> command;
  /// Shorter stalls are not reported. 5 ms: the longest that an idle machine's scheduler and timers
  /// need is well below.
  double least_ms = 5;
};

struct WatchSummary {
  double duration_s = 0;
  uint64_t stalls = 0;
  int64_t longest_ns = 0;
  uint64_t nmis = 0;
  bool nmi_watched = false;  ///< false: BPF could not be used, see `note`
  std::string note;
  uint64_t log_overruns = 0;  ///< times that the kernel's log was overwritten before it was read
  std::optional<int> command_exit;
};

/// Watches until the duration is over, the command ends or SIGINT, SIGTERM arrive. `on_stall` is
/// called on one thread at a time, as stalls end.
Result<WatchSummary> watch(const WatchOptions& options,
                           const std::function<void(const Stall&)>& on_stall);

}  // namespace thaw
