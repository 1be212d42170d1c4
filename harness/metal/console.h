#pragma once
// The machine's console: a command's output, in a file, and what it says of how a kernel ended.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "harness/machine/process.h"
#include "profiler/base/errors.h"

namespace lab {

/// What a stretch of a console says of the end of a kernel. Pure.
struct ConsoleEnd {
  std::string crash;      ///< title of the first thing after which a kernel is gone; or empty
  std::string last_line;  ///< without time stamp and controls; or empty
};
ConsoleEnd read_end(std::string_view console);

/// Owns the command, which is killed with it, and with the thread that started it. What it prints
/// is appended to the file.
class MetalConsole {
 public:
  /// `command` for the shell, run in `directory`; empty: there is no console, and all it says is
  /// nothing. Fails with Environment when no shell can be started.
  static thaw::Result<MetalConsole> start(const std::string& command,
                                          const std::filesystem::path& directory,
                                          const std::filesystem::path& file);
  /// Bytes so far: the place to read from later.
  uintmax_t size() const;
  /// What was said from `from` on, or up to `until`.
  std::string since(uintmax_t from, uintmax_t until = UINTMAX_MAX) const;
  bool exists() const { return process_.has_value(); }
  /// It ended by itself: nothing more will be said.
  bool has_ended() { return process_ && process_->exit_code(); }

 private:
  std::optional<Process> process_;
  std::filesystem::path file_;
};

}  // namespace lab
