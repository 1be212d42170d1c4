#pragma once
// NMIs from guest user space through the local APIC.

#include <atomic>
#include <cstdint>
#include <thread>

#include "profiler/base/errors.h"

namespace lab {

struct NmiPace {
  double rate_hz = 300;
  double jitter = 0.5;  ///< intervals are uniform in rate^-1 · [1-jitter, 1+jitter]
  int64_t stay_ns = 0;  ///< the sender gets none itself: how long it stays on a CPU
};

/// Sends NMIs to all CPUs but the one it is on, from a thread that goes from CPU to CPU, until
/// destroyed. Only for guests: on a machine of one's own each unknown NMI may end it.
class NmiSender {
 public:
  /// Fails with Environment when the APIC cannot be mapped (needs iomem=relaxed nox2apic).
  static thaw::Status check();
  /// Intervals are drawn from `seed`.
  NmiSender(const NmiPace& pace, uint64_t seed, uint32_t cpus);
  ~NmiSender();

  uint64_t sent() const { return sent_; }

 private:
  void run(const NmiPace& pace, uint64_t seed, uint32_t cpus);

  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> sent_ = 0;
  std::thread thread_;
};

}  // namespace lab
