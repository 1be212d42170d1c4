#pragma once
// Keeps the recording's own cost below a bound, by taking less. Pure.

#include <cstdint>

namespace thaw {

/// What is not taken, from nothing (0) to the most. Stacks go first: they are the dearest, and a
/// timeline is whole without them.
struct Shedding {
  bool waker_stacks = false;
  bool user_stacks = false;    ///< of threads that block; what they wait for is still known
  bool switch_stacks = false;  ///< both of them
  uint32_t sample_shift = 0;   ///< of 2^n samples one is taken

  friend bool operator==(const Shedding&, const Shedding&) = default;
};

/// CPU time that the recording has cost since it began, in all.
struct CostSoFar {
  int64_t time_ns = 0;      ///< when it was read
  uint64_t process_ns = 0;  ///< of the recorder itself
  uint64_t switch_ns = 0;   ///< in programs at switches and wake-ups
  uint64_t sample_ns = 0;   ///< in programs that sample
};

/// Looks at the cost since the last look and decides what to shed, one step at a time. A step down
/// when the bound was passed in two windows in a row (reading the tables of a program that has just
/// begun is over after one); a step up when four in a row needed less than half of it, since what
/// is taken again may cost twice as much.
///
/// When stacks are shed and the cost is still above, samples are thinned while they alone cost more
/// than half of the bound. Below that the events themselves are the cost, and they are not shed.
class Brake {
 public:
  /// `most_percent` of the CPU time of `cpus`; 100 and more: never.
  Brake(double most_percent, uint32_t cpus) : most_percent_(most_percent), cpus_(cpus) {}

  /// Shorter times say nothing.
  static constexpr int64_t kWindowNs = 250'000'000;
  /// True when `shedding()` has changed.
  bool look(const CostSoFar& cost);
  const Shedding& shedding() const { return shedding_; }
  /// In the window of the last look.
  double percent() const { return percent_; }

 private:
  bool step_down(double samples_percent);
  bool step_up();

  double most_percent_;
  uint32_t cpus_;
  CostSoFar last_;
  bool has_last_ = false;
  Shedding shedding_;
  double percent_ = 0;
  int calm_windows_ = 0;
  int dear_windows_ = 0;
};

}  // namespace thaw
