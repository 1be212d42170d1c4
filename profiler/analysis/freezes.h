#pragma once
// Windows of a capture in which the machine, or one CPU of it, stood still. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/analysis/silences.h"
#include "profiler/store/reader.h"

namespace thaw {

struct Freeze {
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC of the recording machine
  int64_t length_ns = 0;
  std::vector<CpuId> cpus;
  /// When each of them stood still; by start time, overlapping where a CPU was in two.
  struct Part {
    CpuId cpu;
    int64_t start_ns = 0;
    int64_t end_ns = 0;
  };
  std::vector<Part> parts;
  /// "emit in nmi context took too long", "heartbeat came late, reason unknown", "no event and no
  /// sample while threads 7, 8 ran".
  std::string cause;
  std::vector<uint64_t> stack;  ///< kernel stack of the longest emit in it, else from its end; leaf
                                ///< first; may be empty
};

/// Freezes of at least `least_ns`, by start time. Overlapping long emits (an NMI nested in the
/// program it interrupted, two CPUs in one lock) are one freeze.
std::vector<Freeze> find_freezes(const Capture& capture, int64_t least_ns);
/// The same for who has found the silences already; of the events only infrequent ones are looked
/// at.
std::vector<Freeze> find_freezes(const Capture& capture, std::span<const Silence> silences,
                                 int64_t least_ns);

}  // namespace thaw
