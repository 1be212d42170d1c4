#pragma once
// The machine seam: something that boots a kernel and can be spoken to from outside. Knows nothing
// of cases, runs or verdicts.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/ids.h"
#include "profiler/base/time.h"

namespace lab {

/// Where a deterministic machine's agent writes, in its directory.
inline constexpr const char* kAgentFile = "agent-frames";

struct MachineOptions {
  std::filesystem::path vmlinuz;
  std::filesystem::path initramfs;  ///< read when start_qemu() has returned: may be removed then
  /// Of a machine that runs already: the directory whose content is copied to it.
  std::filesystem::path tree;
  std::filesystem::path disk;  ///< raw image, a virtio disk that can only be read; or empty
  /// TCP port of 127.0.0.1 here → port of the guest, whose network leads nowhere else. Empty: it
  /// has no network.
  std::map<int, int> forwards;
  std::string kernel_parameters;
  int cpus = 2;
  int memory_mib = 1024;
  std::string cpu;          ///< CPU model and flags, as QEMU's -cpu has it
  std::string accelerator;  ///< "tcg" or "kvm"
  std::string agent_port;   ///< name of the virtio-serial port
  uint64_t seed = 1;        ///< of the guest's random numbers
  /// What the guest does is a function of its inputs alone: its clock counts instructions, its CPUs
  /// take turns in one thread, nothing reaches it from outside. "tcg" only, without disk and
  /// network; what the agent says comes through a file, and the agent hears nothing.
  bool is_deterministic = false;
  /// QEMU plugins to load, each as its -plugin option has it: "FILE,name=value".
  std::vector<std::string> plugins;
  /// A library that QEMU has before its own; empty: none. A path without spaces and colons.
  std::filesystem::path preload;
  /// console.log, qemu.log and qemu-command are left here.
  std::filesystem::path directory;
  /// State that save() of a machine with the same options wrote: it goes on from there instead of
  /// booting, and needs no initramfs. Empty: boots.
  std::filesystem::path restore_from;
};

/// One running machine. Used by one thread. Ends with its owner, and with the thread that started
/// it: a lab that is killed leaves none behind.
class Machine {
 public:
  virtual ~Machine() = default;

  /// The agent's byte stream: non-blocking, end of file when the machine is gone. Of a
  /// deterministic machine a file that grows: at its end for now as long as the machine runs.
  virtual int agent_fd() const = 0;
  /// How the machine ended; nothing while it runs. "" when it was powered off in order.
  virtual std::optional<std::string> ending() = 0;
  /// Why the guest ended the machine, once it has ended: "guest-reset", "guest-shutdown"; "" when
  /// nobody knows.
  virtual std::string shutdown() { return ""; }
  virtual thaw::Pid pid() const = 0;
  /// What emulates it, with its version, for the report.
  virtual thaw::Result<std::string> version() = 0;
  /// Host threads of the CPUs, by CPU.
  virtual thaw::Result<std::vector<thaw::Tid>> cpu_threads() = 0;
  /// An NMI to every CPU that accepts external ones.
  virtual thaw::Status inject_nmi() = 0;
  /// Registers of every CPU as text, read from outside: works on a guest that answers nothing.
  virtual thaw::Result<std::string> registers() = 0;
  /// Stops all CPUs and the guest's clocks with them (under TCG; under KVM the TSC goes on), until
  /// resume(). Takes 0.4 ms, seldom more than 2.
  virtual thaw::Status pause();
  virtual thaw::Status resume();
  /// Guest physical memory, whether the guest runs or not. Fails with Environment where there is
  /// none, and where this machine's memory cannot be seen from outside.
  virtual thaw::Status read_memory(uint64_t address, std::span<std::byte> into);
  /// Stops the machine and writes all of its state to `file`. It stays stopped; the bytes that it
  /// has sent by then can still be read. Its clock stands still until a machine is started from the
  /// file. Fails with Environment when the file cannot be written.
  virtual thaw::Status save(const std::filesystem::path& file) = 0;
  /// Ends it now. Returns when it is gone.
  virtual void kill() = 0;
};

/// Boots in QEMU. Returns as soon as the process runs and answers QMP. Fails with Environment when
/// QEMU is not there or refuses; its own last words are in the message.
thaw::Result<std::unique_ptr<Machine>> start_qemu(const MachineOptions& options);

/// "10.0.2 (Debian …)", as `qemu-system-x86_64 --version` says it. Asked once per process.
thaw::Result<std::string> qemu_version();

}  // namespace lab
