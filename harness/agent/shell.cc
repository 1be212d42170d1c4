// forkpty and two copies: frames to the terminal, the terminal to frames. The shell is not a
// subject: it runs where the case has ended or there is none, so nothing here is in a hurry.

#include "harness/agent/shell.h"

#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "profiler/base/files.h"

namespace lab {

namespace {

winsize size_of(const Window& window) {
  winsize size{};
  size.ws_row = static_cast<unsigned short>(window.rows);
  size.ws_col = static_cast<unsigned short>(window.columns);
  return size;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void become(const char* root, char* const* argv, char* const* envp) {
  if (*root != '\0' && ::chroot(root) != 0) ::_exit(126);
  static_cast<void>(!::chdir(kScratch));
  ::execve(argv[0], argv, envp);
  ::_exit(127);
}

}  // namespace

void Shell::hear(const Frame& frame) {
  switch (frame.type) {
    case FrameType::shell_open:
      if (const auto window = parse_message<Window>(frame.payload)) open(*window);
      break;
    case FrameType::shell_input:
      if (pid_ != 0) static_cast<void>(thaw::write_all(terminal_.get(), frame.payload));
      break;
    case FrameType::shell_window:
      if (const auto window = parse_message<Window>(frame.payload)) resize(*window);
      break;
    case FrameType::shell_close:
      close();
      break;
    default:
      break;
  }
}

void Shell::open(const Window& window) {
  if (pid_ != 0) close();  // whoever had it before cannot have said that he went
  std::vector<std::string> words = command_;
  std::vector<std::string> lines{"TERM=" + window.terminal, "HOME=/root", "LANG=C.UTF-8",
                                 "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/workloads",
                                 "PS1=guest:\\w# "};
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(lines);
  const winsize size = size_of(window);
  int terminal = -1;
  const int pid = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid == 0) become(root_.c_str(), argv.data(), envp.data());
  if (pid < 0) {
    channel_.send(FrameType::shell_output, "thaw-agent: cannot start a shell\r\n");
    channel_.send(FrameType::shell_end, "126");
    return;
  }
  terminal_.reset(terminal);
  pid_ = pid;
  // With a descriptor of its own: this one is closed when the next shell opens.
  std::thread([this, pid, own = ::dup(terminal)] { pass_on(own, pid); }).detach();
}

void Shell::resize(const Window& window) const {
  const winsize size = size_of(window);
  if (pid_ != 0) ::ioctl(terminal_.get(), TIOCSWINSZ, &size);
}

void Shell::close() {
  if (const int pid = pid_.exchange(0); pid != 0) ::kill(-pid, SIGHUP);
  terminal_.reset();
}

void Shell::pass_on(int terminal, int pid) {
  const thaw::UniqueFd owned(terminal);
  char buffer[16384];
  while (true) {
    const ssize_t got = ::read(terminal, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;  // EIO: nobody has the terminal open any more
    if (pid_ == pid) channel_.send(FrameType::shell_output, {buffer, static_cast<size_t>(got)});
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  int expected = pid;
  if (!pid_.compare_exchange_strong(expected, 0)) return;  // closed, perhaps another one opened
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  channel_.send(FrameType::shell_end, std::to_string(code));
}

}  // namespace lab
