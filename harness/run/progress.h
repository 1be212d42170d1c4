#pragma once
// What a run tells while it goes on, for whoever shows it.

#include <string_view>

namespace lab {

/// Hears of one run's progress. Called on the thread that runs execute(); must not block, and must
/// not throw. Every function does nothing unless overridden.
class Progress {
 public:
  virtual ~Progress() = default;
  /// The run entered a stage: "initramfs", "boot", "modules", "subject", "load", "stop subject",
  /// "collect", "power off".
  virtual void stage(std::string_view /*name*/) {}
  /// The machine runs, as this process of the host.
  virtual void machine(int /*pid*/) {}
  /// The guest is alive; several times a second. `load_s` is how long the load has run, 0 before
  /// and after it.
  virtual void heartbeat(double /*load_s*/) {}
  /// The attempt failed for the lab's or the host's reasons and begins again.
  virtual void retry(std::string_view /*reason*/) {}
};

}  // namespace lab
