#pragma once
// Does the capture hold what happened? Events that the kernel side counted, against events in the
// file and losses by name; switches also against the kernel's own counter. Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/store/losses.h"
#include "profiler/store/reader.h"

namespace thaw {

struct CountedLoss {
  std::string name;
  uint64_t count = 0;
  const Loss* row = nullptr;  ///< null: this version has no such loss
};

struct Accounting {
  std::array<uint64_t, kEventKinds> happened{};  ///< kinds nobody counts: as recorded
  std::array<uint64_t, kEventKinds> recorded{};  ///< in the file
  std::vector<CountedLoss> losses;               ///< those that are not zero, by severity
  /// The kernel's own count over the recorded windows of all CPUs. Absent when it was not read, or
  /// when a CPU did not close its window.
  std::optional<uint64_t> kernel_switches;
  /// Whether the counts can be compared at all: only the tally written at the end of a capture
  /// covers exactly the events in the file. False for a killed one, and when that tally is damaged.
  bool is_final = false;

  uint64_t happened_total() const;
  uint64_t recorded_total() const;
  /// Events gone with a name: counts of severity DataLoss.
  uint64_t lost() const;
  /// Of these, those that can have been switches or wake-ups.
  uint64_t switches_lost_at_most() const;
  /// happened − recorded − lost: 0 when every event is accounted for; negative would be a bug.
  int64_t unaccounted() const;
  /// The kernel's switches that no program of ours counted; absent like kernel_switches.
  std::optional<int64_t> switches_unaccounted() const;
};

Accounting account(const Capture& capture);

}  // namespace thaw
