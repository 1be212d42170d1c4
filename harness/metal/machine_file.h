#pragma once
// The file that describes a real machine on which the lab may boot kernels.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/machine/ssh.h"
#include "profiler/base/errors.h"

namespace lab {

/// A machine that the lab boots kernels on. README.md describes the keys.
struct MachineFile {
  std::filesystem::path file;  ///< absolute
  SshTarget target;
  /// Commands for this host's shell, run in the file's directory. Empty: there is none.
  std::string power_cycle;  ///< ends when the machine has been reset
  std::string console;      ///< one program: prints what the console says from now on, until killed
  /// Run there as root to make an initramfs: {release} and {file} are replaced. Empty: with
  /// whatever that machine has for it.
  std::string initramfs;
  std::string kernel_parameters;  ///< added to those that the machine boots with itself
  /// Sources that this machine bears. `apic` is only sent where it is named.
  std::vector<NmiSource> nmi{NmiSource::pmu};
  /// Of a machine that is a QEMU of this host: the file with its process id (SshOptions).
  std::filesystem::path emulator;
  double boot_timeout_s = 300;  ///< from leaving one kernel to an answer of the next

  std::string name() const { return target.name(); }
};

/// Whether a `--machine` names such a file.
bool is_machine_file(std::string_view machine);

/// Fails with User, "file:line:column: what is allowed".
thaw::Result<MachineFile> load_machine(const std::filesystem::path& file);
/// The same for text in memory. Pure.
thaw::Result<MachineFile> parse_machine(std::string_view text, const std::filesystem::path& file);

}  // namespace lab
