#pragma once
// The person's terminal, lent to a shell in a guest.

#include <termios.h>

#include <atomic>
#include <functional>
#include <optional>

#include "harness/agent/messages.h"
#include "profiler/base/errors.h"

namespace lab {

/// Puts the terminal of stdin into raw mode while it lives, when stdin is one.
class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  std::optional<termios> before_;
};

/// Ctrl-]: leaves the shell, as telnet does.
inline constexpr char kEscape = 0x1d;

/// Its size and $TERM; 24 by 80 when stdin is no terminal.
Window window_of_stdin();

struct ShellOptions {
  int fd = -1;  ///< where frames go to and come from; a socket
  /// Asked ten times a second: the reason to stop; nothing while it may go on.
  std::function<std::optional<std::string>()> is_over;
};

/// Opens a shell through `fd` and connects it with stdin and stdout until it ends, the person types
/// Ctrl-] or the other end is gone. Where stdin is no terminal, its end is the shell's Ctrl-D.
/// Returns the shell's exit code; nothing when the person left it. Fails with Environment when the
/// other end was lost.
thaw::Result<std::optional<int>> run_shell(const ShellOptions& options);

}  // namespace lab
