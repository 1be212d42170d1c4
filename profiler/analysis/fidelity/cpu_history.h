#pragma once
// What happened on one CPU, by its switches: who ran when, and what was sampled meanwhile. Pure.

#include <cstdint>
#include <span>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

/// One thread on one CPU, from the switch that brought it in to the one that took it out.
struct Run {
  Tid tid;  ///< 0: nobody, the CPU was idle
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  /// Both switches agree on who it was; of the last run a switch and a sample. Else a switch was
  /// lost in between, and the run is of who came.
  bool is_sure = true;
};

struct CpuHistory {
  CpuId cpu;
  std::vector<Run> runs;  ///< in time order, without gaps; none of a CPU that never switched
  std::vector<const Event*> samples;  ///< in time order, those of the idle thread too
  std::vector<const Event*> wakings;  ///< sched_waking, in time order

  /// Who ran at `time_ns`; null at the moment of a switch, and where nobody can know.
  const Run* run_at(int64_t time_ns) const;
};

/// By CPU. `events` of all CPUs, in time order; they must outlive the histories. The first run
/// begins at `start_ns`, the last ends at `end_ns`.
std::vector<CpuHistory> cpu_histories(std::span<const Event* const> events, int64_t start_ns,
                                      int64_t end_ns);

}  // namespace thaw
