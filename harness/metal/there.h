#pragma once
// Short commands on the machine, through ssh.

#include <filesystem>
#include <optional>
#include <string>

#include "harness/machine/ssh.h"
#include "harness/provision/tool.h"
#include "profiler/base/errors.h"

namespace lab {

/// Who answers now.
struct Presence {
  std::string boot_id;
  std::string release;
};

/// The other end. Each call is a connection of its own and ends after its time, whatever the
/// machine does. Used by one thread.
class There {
 public:
  explicit There(SshTarget target) : target_(std::move(target)) {}

  /// Runs a script there as root (`sudo -n` where the person is not). Fails with Environment when
  /// ssh cannot be run at all; exit code 255 is ssh's own, 124 that the time was up.
  thaw::Result<ToolResult> run(const std::string& script, int timeout_s) const;
  /// Its stdout; fails with Environment, with its last words, at any exit code but 0.
  thaw::Result<std::string> output(const std::string& script, int timeout_s) const;
  /// Packs what is in `tree` (links followed) and unpacks it in a directory there that is made.
  thaw::Status send(const std::filesystem::path& tree, const std::string& directory,
                    int timeout_s) const;
  /// Nothing when nobody answers within ten seconds or so.
  std::optional<Presence> look() const;

 private:
  thaw::Result<std::vector<std::string>> command(const std::string& script, int timeout_s) const;

  SshTarget target_;
};

}  // namespace lab
