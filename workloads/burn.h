#pragma once
// Work by the count, and what CPU time it took. A burner is a function with a name that a profile
// must show; it executes the same instructions in every round, and every burner executes as many in
// a round as any other. So rounds are a measure of work that no clock, no interrupt and no host can
// bend.

#include <stdint.h>

#include "workloads/workload.h"

// Defines extern "C" uint64_t NAME(uint64_t rounds): eight instructions a round, all of them in its
// loop, which calls nothing. Different constants, so that a debugger's eye can tell burners apart
// too. `noipa` keeps the compiler from merging, cloning or inlining them.
#define WORKLOAD_BURNER(name, multiplier)                                                 \
  extern "C" [[gnu::noipa]] uint64_t name(uint64_t rounds) {                              \
    uint64_t x = rounds;                                                                  \
    for (uint64_t i = 0; i < rounds; i++) x = (x ^ (x >> 29)) * UINT64_C(multiplier) + i; \
    return x;                                                                             \
  }

namespace workload {

/// Short against any sampling interval's share, long against a clock read (well under 1 µs).
inline constexpr int64_t kSliceNs = 1'000'000;
/// Of work by the count, and of the first slice of work by time: 0.2 ms at 3 GHz.
inline constexpr uint64_t kUnitRounds = 100'000;

/// Slices of one kind of work. By time: rounds grow or shrink until a slice is about as long as it
/// should be. By the count: every slice is the same, however long that takes.
struct Slices {
  int64_t slice_ns = kSliceNs;  ///< 0: by the count
  uint64_t rounds = kUnitRounds;
  int64_t times = 0;
  int64_t cpu_ns = 0;

  /// One slice: `work(rounds)`, between two reads of the thread's CPU clock, which are not in
  /// `work`. Returns what it took. Is no frame of its own on any stack.
  template <class Work>
  [[gnu::always_inline]] inline int64_t run(Work work) {
    const int64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    work(rounds);
    const int64_t took_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns;
    times++;
    cpu_ns += took_ns;
    if (slice_ns != 0) adapt(took_ns);
    return took_ns;
  }

 private:
  /// At most by a factor of two at a time: an interrupt must not spoil the next slices.
  void adapt(int64_t took_ns) {
    const double factor =
        static_cast<double>(slice_ns) / static_cast<double>(took_ns > 0 ? took_ns : 1);
    rounds = static_cast<uint64_t>(static_cast<double>(rounds) * (factor < 0.5 ? 0.5
                                                                  : factor > 2 ? 2
                                                                               : factor));
    if (rounds < 1000) rounds = 1000;
  }
};

/// As options have it: `--work N` is by the count.
inline Slices slices(int64_t work, int64_t slice_ns = kSliceNs) {
  return {.slice_ns = work > 0 ? 0 : slice_ns};
}

}  // namespace workload
