#pragma once
// Did the profiler itself hold up the machine? Long emits of a capture, and the histograms behind
// them. Pure.

#include <array>
#include <cstdint>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

/// One emit that took at least 1 ms: the slow_emit record, in plain form.
struct LongEmit {
  CpuId cpu;
  EmitContext context = EmitContext::task;
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC of the machine that recorded
  int64_t length_ns = 0;
  Tid tid;
  std::vector<uint64_t>
      stack;  ///< kernel return addresses from the program that emitted on, leaf first
};

struct EmitSummary {
  std::array<EmitHistogram, kEmitContexts> by_context{};  ///< summed over CPUs
  std::vector<LongEmit> longs;                            ///< by start time
  uint64_t longs_missing =
      0;  ///< emits of 1 ms or more by the histograms, minus records: their place is unknown
};

EmitSummary summarize_emits(const Capture& capture);

}  // namespace thaw
