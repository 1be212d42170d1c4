#pragma once
// NMIs that come by time and hit whatever runs: from the old interval timer, through the I/O APIC.

#include <atomic>
#include <cstdint>
#include <thread>

#include "harness/agent/nmi_sender.h"
#include "profiler/base/errors.h"

namespace lab {

/// All CPUs get all of them, until destroyed. Only for guests, as NmiSender.
class PitNmis {
 public:
  /// Fails with Environment when the timer or the I/O APIC cannot be reached.
  static thaw::Status check();
  /// `pace.stay_ns` means nothing here. Intervals are drawn from `seed`.
  PitNmis(const NmiPace& pace, uint64_t seed);
  ~PitNmis();

  /// What the timer must have sent, by the time that it was told to take.
  uint64_t sent() const { return sent_; }

 private:
  void run(const NmiPace& pace, uint64_t seed);

  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> sent_ = 0;
  std::thread thread_;
};

}  // namespace lab
