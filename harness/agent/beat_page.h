#pragma once
// One page of guest memory that the heartbeat threads write and the lab reads from outside, while
// the guest runs and when it answers nothing.

#include <array>
#include <cstdint>

namespace lab {

inline constexpr uint64_t kBeatPageMagic = 0x3165'6761'7074'6562;  // "betpage1"

/// As it lies in memory. A slot is guest CLOCK_MONOTONIC of the CPU's last beat; 0 while its thread
/// does not beat.
struct BeatPage {
  static constexpr uint32_t kSlots = 510;
  uint64_t magic = 0;
  uint64_t cpus = 0;
  std::array<int64_t, kSlots> beat_ns{};
};
static_assert(sizeof(BeatPage) == 4096);

}  // namespace lab
