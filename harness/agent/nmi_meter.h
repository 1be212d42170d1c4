#pragma once
// How long other people's BPF programs take in NMI, and whether they stood still there: the lab's
// own witness for subjects that do not measure themselves.

#include <memory>

#include "harness/agent/map_messages.h"
#include "profiler/base/errors.h"

struct meter_bpf;

namespace lab {

/// Two programs around all others of the tracepoint nmi_handler. Used by one thread.
class NmiMeter {
 public:
  /// Loads both programs and attaches the first. To be called before the subject starts. Fails with
  /// Environment where the kernel refuses.
  static thaw::Result<NmiMeter> open();
  NmiMeter(NmiMeter&&) noexcept;
  ~NmiMeter();

  /// Attaches the second, behind whatever has been attached since open(). Forgets what it measured
  /// before.
  thaw::Status start();
  NmiMeterSeen read() const;

 private:
  explicit NmiMeter(meter_bpf* skeleton);

  struct Close {
    void operator()(meter_bpf* skeleton) const;
  };
  std::unique_ptr<meter_bpf, Close> skeleton_;
};

}  // namespace lab
