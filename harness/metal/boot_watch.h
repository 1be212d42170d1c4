#pragma once
// What a machine at a distance does, from what little is seen of it: whether somebody answers, of
// which boot and which kernel, and whether its console shows a panic. Pure; time is an argument.

#include <string>

namespace lab {

/// One look from outside.
struct Sight {
  double at_s = 0;      ///< since the watch began
  std::string boot_id;  ///< empty: nobody answered
  std::string release;
  bool has_panicked = false;  ///< by the console, since the watch began
};

enum class BootState {
  waiting,
  up,            ///< the kernel that was wanted
  other_kernel,  ///< a new boot of another one: what was wanted gave up by itself
  panicked,
  silent,      ///< nobody answered in time
  never_left,  ///< the boot before is still there when the time is up
};

/// From the order to boot a kernel to what came of it.
class BootWatch {
 public:
  struct Goal {
    std::string boot_before;
    std::string release;
    double timeout_s = 0;
  };
  explicit BootWatch(Goal goal) : goal_(std::move(goal)) {}
  BootState see(const Sight& sight);

 private:
  Goal goal_;
};

enum class RecoveryStep {
  wait,
  power_cycle,  ///< now
  went_on,      ///< the boot that was thought lost answers again
  recovered,    ///< another boot
  given_up,     ///< somebody has to go there
};

/// Brings a machine back that no longer answers. A kernel that panicked is left the time to restart
/// by itself, which keeps what it stored of its last words; one that hangs is not.
class Recovery {
 public:
  struct Means {
    std::string boot_lost;  ///< empty: no boot of it ever answered
    /// Of the machine before the boot that was lost; to answer with it is no recovery.
    std::string boot_before;
    bool has_power_switch = false;
    double timeout_s = 0;  ///< what a boot takes at most
  };
  explicit Recovery(Means means) : means_(std::move(means)) {}
  RecoveryStep see(const Sight& sight);
  int power_cycles() const { return cycles_; }

 private:
  Means means_;
  int cycles_ = 0;
  double since_s_ = 0;  ///< of the last power cycle, or the beginning
};

}  // namespace lab
