#pragma once
// A machine that runs already and is reached through ssh: nothing is booted, nothing emulated.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/machine/machine.h"

namespace lab {

/// "ssh:[USER@]HOST[:PORT]". Everything else about the connection is the person's own ssh
/// configuration.
struct SshTarget {
  std::string host;  ///< with USER@
  int port = 0;      ///< 0: as the configuration has it

  /// HOST alone, as a person would type it.
  std::string name() const;
};

/// Fails with User at anything else. Pure.
thaw::Result<SshTarget> parse_ssh(std::string_view text);

/// The words before a remote command. Asks for nothing (BatchMode): a key must be known. `ssh` can
/// be another command line, from the environment variable THAWLAB_SSH.
thaw::Result<std::vector<std::string>> ssh_command(const SshTarget& target);

struct SshOptions {
  SshTarget target;
  std::filesystem::path tree;       ///< what is copied; has thaw-agent and plan.json at its top
  std::filesystem::path directory;  ///< ssh.log is left here
  /// Of a machine that is a QEMU of this host (started with debug-threads=on, as libvirt does): the
  /// file with its process id. Its CPUs' threads are known then. Empty: it is a machine elsewhere.
  std::filesystem::path emulator;
};

/// Copies the tree into a directory of its own there and starts the agent in it, as root (through
/// `sudo -n` where the person is not): heartbeats must run above the load. Returns when all is
/// copied. Fails with Environment, with ssh's own last words.
///
/// The agent ends what it started and removes the directory when the connection ends, however.
thaw::Result<std::unique_ptr<Machine>> start_ssh(const SshOptions& options);

}  // namespace lab
