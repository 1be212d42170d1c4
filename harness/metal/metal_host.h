#pragma once
// A real machine for the length of a session: kernels are booted on it, cases played, and whatever
// happens it is brought back to the kernel that it had.

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "harness/metal/attempted.h"
#include "harness/metal/boot_watch.h"
#include "harness/metal/console.h"
#include "harness/metal/machine_file.h"
#include "harness/metal/there.h"
#include "harness/provision/kernel.h"
#include "harness/run/evidence.h"
#include "harness/run/execute.h"
#include "profiler/base/errors.h"

namespace lab {

/// How a machine went down, as seen from a distance.
struct Downfall {
  bool is_crash = false;  ///< it said so, or restarted by itself; else it was silent until reset
  std::string words;      ///< one sentence, which ends in how it came back
  std::filesystem::path directory;  ///< of the run under which it did
};

/// Used by one thread, the one that calls work_in(). One session at a time per machine: a second
/// one would find the first one's kernel running, and take it away.
class MetalHost {
 public:
  /// Reaches the machine. One that still runs a kernel of an earlier session, which was killed, is
  /// brought back to its own first, and what that session left is removed. `resumed` is the
  /// directory of a session that goes on, or empty: a machine that such a session took down is
  /// brought back too. Fails with Environment when it does not answer, is no x86_64, or has no
  /// kexec.
  static thaw::Result<std::unique_ptr<MetalHost>> open(MachineFile file,
                                                       const std::filesystem::path& resumed,
                                                       const std::atomic<bool>& cancelled);
  ~MetalHost();

  /// From here the console is kept, in `directory`/machine-console.log, and what is attempted is
  /// noted there.
  thaw::Status work_in(const std::filesystem::path& directory);

  /// Boots the request's kernel unless it runs already, plays its case, brings the machine back if
  /// it was lost. `request.directory` is the run's own. Never fails: what goes wrong is in the
  /// evidence, which then says how the machine went down.
  Evidence play(const std::string& run, RunRequest request, Progress& progress);

  /// Back to the machine's own kernel, without a file of ours. Returns the sentence that says so;
  /// fails with Environment when the machine does not come back.
  thaw::Result<std::string> close();

 private:
  struct Watched {
    BootState state = BootState::waiting;
    double seconds = 0;
  };
  struct Recovered {
    RecoveryStep step = RecoveryStep::given_up;
    int power_cycles = 0;
    uintmax_t console_end = UINTMAX_MAX;  ///< where the first power cycle cut the console
  };

  MetalHost(MachineFile file, const std::atomic<bool>& cancelled)
      : file_(std::move(file)), there_(file_.target), cancelled_(cancelled) {}

  thaw::Status begin();
  thaw::Status find();
  thaw::Status find_after_interruption();
  Sight look(double at_s, uintmax_t console_from) const;
  thaw::Result<Watched> watch_boot(const std::string& release, uintmax_t console_from);
  thaw::Result<Recovered> recover(const std::string& boot_lost, uintmax_t console_from,
                                  Progress* progress);
  thaw::Status cycle_power();
  thaw::Status go_home(Progress* progress);
  thaw::Status install(const KernelImage& kernel, const std::filesystem::path& scratch);
  /// The downfall, if the kernel did not come up and the machine had to be brought back.
  thaw::Result<std::optional<Downfall>> boot(const KernelImage& kernel,
                                             const std::filesystem::path& directory,
                                             Progress& progress);
  Evidence play_case(const RunRequest& request, Progress& progress);
  std::optional<Downfall> bring_back(const RunRequest& request, uintmax_t console_from,
                                     Progress& progress);
  thaw::Result<std::optional<Downfall>> make_ready(const std::string& run,
                                                   const RunRequest& request, Progress& progress);
  Evidence play_now(const std::string& run, RunRequest& request, Progress& progress);
  bool outlived(const Attempted& attempted) const;
  std::optional<Evidence> evidence_before(const std::string& run, const RunRequest& request);
  /// Keeps what the lost boot said, on the console and elsewhere. The title of its crash, if any.
  std::string keep_last_words(const std::filesystem::path& directory, const std::string& boot_lost,
                              const std::string& console_said);
  std::string how_it_came_back(const Recovered& recovered) const;
  bool is_ours() const { return !boot_of_ours_.empty() && now_.boot_id == boot_of_ours_; }

  MachineFile file_;
  There there_;
  const std::atomic<bool>& cancelled_;
  bool heeds_cancel_ = true;
  MetalConsole console_;
  std::optional<AttemptLog> log_;
  std::map<std::string, Attempted> before_;  ///< of the session that is resumed
  std::string boot_found_;                   ///< when this session began
  bool found_ours_ = false;                  ///< it was one of a session that was killed
  Presence own_;                             ///< its own kernel, when the session began
  std::string own_parameters_;
  Presence now_;              ///< who answered last
  std::string boot_of_ours_;  ///< id of the boot that the lab made last; empty: none
  bool must_reboot_ = false;  ///< what runs there cannot be trusted with another case
  bool is_unknown_ = false;   ///< a boot was ordered, and nobody waited for it
  std::set<std::string> installed_;
  std::map<std::string, Downfall> fallen_;  ///< kernels that do not come up there, by release
  std::string given_up_;                    ///< why nothing more can be done there; or empty
};

}  // namespace lab
