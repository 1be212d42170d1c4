#pragma once
// One run, from a case and a kernel on disk to the evidence it leaves.

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "harness/case/case.h"
#include "harness/provision/kernel.h"
#include "harness/run/evidence.h"
#include "harness/run/progress.h"
#include "profiler/base/errors.h"
#include "profiler/base/time.h"

namespace lab {

class Machine;

/// The programs of ours that go into a guest.
struct Programs {
  std::filesystem::path agent;
  std::filesystem::path thaw;       ///< what "thaw" as first word of a subject means
  std::filesystem::path workloads;  ///< directory of the workload programs
  std::filesystem::path oracle;     ///< the plugin that counts instructions; may not be there

  /// Those beside the running thawlab. Fails with Environment when the agent is not there.
  static thaw::Result<Programs> beside_this();
};

struct Snapshot;

/// When a run is given up. The numbers are for guests under TCG on a busy host; silence and run are
/// stretched by the slowness that the guest showed when it booted (hang.h).
struct RunLimits {
  /// A boot takes 4 s under TCG; twenty on a host with eight busy programs.
  thaw::Milliseconds boot{120'000};
  /// Without a frame other than a pong. The longest stalls seen that ended: 30 s, 6.17 under 500
  /// NMIs a second.
  thaw::Milliseconds silence{60'000};
  /// From the goodbye to the end of the machine.
  thaw::Milliseconds power_off{20'000};
  /// The whole run, besides five times its load, since stalls stretch a run, and what a comparison
  /// and conversions may take by the case.
  thaw::Milliseconds run{600'000};
  /// How often the guest is asked for its clock.
  thaw::Milliseconds ping{100};
};

struct RunRequest {
  Case test;                        ///< its run.seed is the seed of this run
  KernelImage kernel;               ///< fetched
  std::string host;                 ///< "ssh:…": played on that machine, as it runs; else empty
  std::filesystem::path userland;   ///< disk image for the case's subject.image; or empty
  std::string accelerator = "tcg";  ///< "tcg" or "kvm"; run/accelerator.h chooses
  std::filesystem::path directory;  ///< of this run alone; made when it does not exist
  Programs programs;
  std::filesystem::path cache;  ///< as Catalogue's: parts of initramfs are kept below it; or empty
  /// Set from outside (a signal handler) to end the run: the guest is stopped, the evidence says
  /// `infra: interrupted`. May be null.
  const std::atomic<bool>* cancelled = nullptr;
  /// When the run is over and its machine still there: called before it is ended, with all that
  /// will be told of the run except directory, accelerator and wall time. The guest can be entered
  /// then (a shell is in it). Unset: it ends at once.
  std::function<void(const Evidence&, Machine&)> keep;
  RunLimits limits{};
  /// The machine goes on from here instead of booting: same kernel, programs and machine; seed,
  /// duration, NMIs and the workload's arguments are this request's. Must outlive the run.
  const Snapshot* from = nullptr;
  /// What the guest's agent is to do wrong (agent/mishap.h). Only the self-test asks for it.
  std::optional<std::string> agent_mishap;
};

/// Boots the kernel, lets the agent play the case, collects what is left. Never throws and never
/// fails: whatever goes wrong is in the evidence. A boot that fails, a lost agent and a QEMU that
/// dies of itself are tried once more (Evidence::attempts says so), but not a QEMU that somebody
/// killed with a signal, and not a guest that fell silent under load.
///
/// Leaves in the directory: console.log, agent.log (every message of the agent with the host's
/// time), qemu-command, qemu.log, agent-plan.json, initramfs.cpio (until QEMU has read it), the
/// capture, host-waits.tsv; of a first attempt that failed, first-attempt/.
///
/// Blocks its thread until the guest is gone; several may run at once on threads of their own. QEMU
/// dies with the calling thread.
Evidence execute(const RunRequest& request, Progress& progress);

}  // namespace lab
