// Two small machines of states. Each look leads to one decision; who makes the looks, and does what
// was decided, is metal_host.cc.
//
// A boot's id (/proc/sys/kernel/random/boot_id) is what tells two boots apart: an answer alone may
// come from the kernel that is still going down, and a kernel's release may be that of the next.

#include "harness/metal/boot_watch.h"

namespace lab {

namespace {
// A machine under load may be too slow for one answer: it gets a second look before it is reset.
constexpr double kPatienceS = 30;
// A power switch that did nothing three times does not work.
constexpr int kMostCycles = 3;
}  // namespace

BootState BootWatch::see(const Sight& sight) {
  const bool is_there = sight.boot_id == goal_.boot_before;
  if (!sight.boot_id.empty() && !is_there)
    return sight.release == goal_.release ? BootState::up : BootState::other_kernel;
  if (sight.has_panicked) return BootState::panicked;
  if (sight.at_s < goal_.timeout_s) return BootState::waiting;
  return is_there ? BootState::never_left : BootState::silent;
}

RecoveryStep Recovery::see(const Sight& sight) {
  const bool is_old = sight.boot_id == means_.boot_lost || sight.boot_id == means_.boot_before;
  if (!sight.boot_id.empty() && !is_old) return RecoveryStep::recovered;
  if (!sight.boot_id.empty() && sight.boot_id == means_.boot_lost && cycles_ == 0)
    return RecoveryStep::went_on;
  const bool comes_back_alone = sight.has_panicked || !means_.has_power_switch;
  const double patience_s = cycles_ > 0 || comes_back_alone ? means_.timeout_s : kPatienceS;
  if (sight.at_s - since_s_ < patience_s) return RecoveryStep::wait;
  if (!means_.has_power_switch || cycles_ == kMostCycles) return RecoveryStep::given_up;
  cycles_++;
  since_s_ = sight.at_s;
  return RecoveryStep::power_cycle;
}

}  // namespace lab
