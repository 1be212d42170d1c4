// Keys to frames, frames to the screen. In raw mode no key but Ctrl-] means anything here: Ctrl-C
// is the shell's, and so is the echo.

#include "harness/commands/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "harness/agent/protocol.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

constexpr int kTickMs = 100;
/// How often the end of the input is said until the shell has ended. A line editor that is just
/// changing its terminal's mode loses an end that was typed before it.
constexpr int64_t kEndAgainNs = 500'000'000;
/// A line editor takes an end that was typed early for a character of the line: the line goes
/// first.
constexpr std::string_view kEndOfInput = "\x15\x04";

volatile sig_atomic_t size_changed = 0;

void note_size(int) {
  size_changed = 1;
}

/// All of it, however full the socket is: what was typed must not be lost.
Status say(int fd, FrameType type, std::string_view payload) {
  const std::string frame = encode(type, payload);
  std::string_view rest = frame;
  while (!rest.empty()) {
    const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return fail(ErrorKind::Environment, "the guest is gone");
    pollfd room{fd, POLLOUT, 0};
    ::poll(&room, 1, kTickMs);
  }
  return {};
}

class Relay {
 public:
  explicit Relay(const ShellOptions& options) : options_(options) {}
  Result<std::optional<int>> run();

 private:
  Status type();
  Status listen();
  /// Says again and again that no more input comes.
  Status end_input();

  const ShellOptions& options_;
  FrameReader reader_;
  bool stdin_open_ = true;
  bool has_left_ = false;
  int64_t next_end_ns_ = 0;
  std::optional<int> exit_code_;
};

Status Relay::end_input() {
  const int64_t now_ns = thaw::monotonic_ns();
  if (now_ns < next_end_ns_) return {};
  next_end_ns_ = now_ns + kEndAgainNs;
  return say(options_.fd, FrameType::shell_input, kEndOfInput);
}

Status Relay::type() {
  char keys[4096];
  const ssize_t got = ::read(STDIN_FILENO, keys, sizeof keys);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (got <= 0) {
    stdin_open_ = false;
    return {};
  }
  const std::string_view typed(keys, static_cast<size_t>(got));
  const size_t escape = ::isatty(STDIN_FILENO) ? typed.find(kEscape) : typed.npos;
  has_left_ = escape != typed.npos;
  return say(options_.fd, FrameType::shell_input, typed.substr(0, escape));
}

Status Relay::listen() {
  char buffer[65536];
  const ssize_t got = ::recv(options_.fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (got <= 0) return fail(ErrorKind::Environment, "the guest is gone");
  reader_.feed({buffer, static_cast<size_t>(got)});
  while (const auto frame = reader_.next()) {
    if (frame->type == FrameType::shell_output) TRY(thaw::write_all(STDOUT_FILENO, frame->payload));
    if (frame->type == FrameType::shell_end) exit_code_ = std::atoi(frame->payload.c_str());
  }
  return {};
}

Result<std::optional<int>> Relay::run() {
  TRY(say(options_.fd, FrameType::shell_open, to_json(window_of_stdin())));
  while (!exit_code_ && !has_left_) {
    pollfd both[] = {{options_.fd, POLLIN, 0}, {stdin_open_ ? STDIN_FILENO : -1, POLLIN, 0}};
    ::poll(both, 2, kTickMs);
    if (size_changed != 0) {
      size_changed = 0;
      TRY(say(options_.fd, FrameType::shell_window, to_json(window_of_stdin())));
    }
    if (both[0].revents != 0) TRY(listen());
    if (both[1].revents != 0 && !exit_code_) TRY(type());
    if (!stdin_open_ && !exit_code_) TRY(end_input());
    if (const auto reason = options_.is_over()) return fail(ErrorKind::Environment, "{}", *reason);
  }
  return exit_code_;
}

}  // namespace

RawTerminal::RawTerminal() {
  termios now{};
  if (::tcgetattr(STDIN_FILENO, &now) != 0) return;
  before_ = now;
  ::cfmakeraw(&now);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

RawTerminal::~RawTerminal() {
  if (before_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
}

Window window_of_stdin() {
  Window window;
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0)
    window = {.rows = size.ws_row, .columns = size.ws_col};
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && *terminal != '\0') window.terminal = terminal;
  return window;
}

Result<std::optional<int>> run_shell(const ShellOptions& options) {
  struct sigaction action {};
  action.sa_handler = note_size;  // without SA_RESTART: poll is to end
  ::sigaction(SIGWINCH, &action, nullptr);
  const RawTerminal raw;
  return Relay(options).run();
}

}  // namespace lab
