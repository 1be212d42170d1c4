#pragma once
// When the host took a vCPU away: the witness that keeps a busy host from looking like a frozen
// guest.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/run/evidence.h"
#include "profiler/base/errors.h"
#include "profiler/base/ids.h"

namespace lab {

struct HostGaps {
  /// "bpf": from the host's own context switches; "schedstat": from polling, so approximate.
  std::string how;
  /// By thread, in the order of the tids given: when it was runnable and not running, with BPF also
  /// when it was stopped. Host CLOCK_MONOTONIC, in time order, without overlap, each at least 0.5
  /// ms long. What began before start() is not in it.
  std::vector<std::vector<Interval>> threads;
  /// How far off the ends of an interval may be. 0 with BPF.
  int64_t resolution_ns = 0;
  /// Waits that were not recorded (ring full). Gaps may be missing unless it is 0.
  uint64_t lost = 0;
  std::vector<std::string> notes;  ///< sentences for the report
};

enum class HostWatchKind { best, bpf, schedstat };

/// Watches threads (vCPUs, timers) of one QEMU process from outside until stopped. Costs two hash
/// lookups per context switch of the host (BPF) or 1,000 small reads per second and vCPU
/// (schedstat), and a thread of the lab; never touches the threads it watches.
///
/// Several may run at once, each used by one thread at a time. Destroying one that was not stopped
/// ends it.
class HostWatch {
 public:
  /// `tids` are threads of process `pid`: the vCPUs' (QMP query-cpus-fast: thread-id), the main
  /// one. stop() leaves the raw waits in `directory`/host-waits.tsv; an empty path leaves nothing.
  /// `best` takes BPF and falls back to schedstat, saying why in the notes. Fails with Environment
  /// when a thread is not there or the kernel offers neither way.
  static thaw::Result<HostWatch> start(thaw::Pid pid, std::vector<thaw::Tid> tids,
                                       const std::filesystem::path& directory,
                                       HostWatchKind kind = HostWatchKind::best);
  HostWatch(HostWatch&&) noexcept;
  HostWatch& operator=(HostWatch&&) noexcept;
  ~HostWatch();

  /// Ends the watch and says what it saw. Call it once; threads that have exited meanwhile are
  /// fine.
  HostGaps stop();

 private:
  struct State;
  explicit HostWatch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lab
