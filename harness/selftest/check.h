#pragma once
// The checks of the self-test: what is made to go wrong, and which verdict is the right one then.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/run/execute.h"

namespace lab {

/// What happens to the lab's side of a run. `none` where the guest goes wrong by itself.
enum class HostFault {
  none,
  stop_qemu,       ///< SIGSTOP, SIGCONT three seconds later
  stop_qemu_ever,  ///< SIGSTOP
  kill_qemu,       ///< SIGKILL
  fill_disk,       ///< the disk of the run's directory is full in the middle of the load
  cut_console,     ///< the console log lacks its second half
  spoil_capture,   ///< bytes of the received capture are flipped
};

struct Check {
  std::string name;
  std::string injected;  ///< in a few words
  Case test;
  std::string agent_mishap;  ///< RunRequest::agent_mishap; empty: none
  HostFault fault = HostFault::none;
  int busy_per_cpu = 0;  ///< busy processes per CPU of the host, from before the boot to the end
  std::vector<VerdictKind> right;
  std::string reason;   ///< the verdict's reason holds it; empty: any
  std::string finding;  ///< a finding of this type is among the console's; empty: none is asked for
  std::string why;      ///< why that verdict is the right one
  int runs = 1;
  /// Of several runs, at most this share may be `infra`, where that is right at all.
  double most_infra = 1;
  /// Injected freezes of this length, as a point of the detection curve.
  std::optional<double> freeze_ms;
};

struct CheckOptions {
  std::filesystem::path mishap;  ///< the program, on this host
  int clean_runs = 50;
};

/// All checks, in the order in which they run.
std::vector<Check> all_checks(const CheckOptions& options);

}  // namespace lab
