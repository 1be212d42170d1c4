#pragma once
// Runs a short-lived program of the host (apt-get, depmod, the dynamic loader) to its end.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

struct ToolOptions {
  std::filesystem::path directory;         ///< where it runs; empty: here
  std::map<std::string, std::string> env;  ///< added to this process's environment
};

struct ToolResult {
  int exit_code = 0;  ///< 128+N when it died of signal N
  std::string output;
  std::string errors;  ///< its stderr

  /// The last line of stderr, or of stdout: what to put into an error message.
  std::string last_words() const;
};

/// The program is looked up in PATH, then in /usr/sbin and /sbin, where depmod lives and users do
/// not look. It dies with this process. Fails with Environment when it cannot be started; an exit
/// code other than 0 is not an error here.
thaw::Result<ToolResult> run_tool(const std::vector<std::string>& command,
                                  const ToolOptions& options = {});

/// The same, but an exit code other than 0 is an Environment error with the program's last words.
thaw::Result<std::string> output_of(const std::vector<std::string>& command,
                                    const ToolOptions& options = {});

/// Where PATH, /usr/sbin or /sbin has an executable of this name; empty when nowhere.
std::filesystem::path find_program(const std::string& name);

}  // namespace lab
