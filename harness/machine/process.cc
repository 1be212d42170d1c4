// Boost.Process v2 behind one class. What it adds here is the tie to the parent: PR_SET_PDEATHSIG
// before exec, which holds however the lab ends (SIGKILL included), where a handler or a destructor
// would not.

#include "harness/machine/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <boost/process/v2.hpp>
#include <boost/process/v2/posix/bind_fd.hpp>
#include <boost/process/v2/src.hpp>

namespace lab {

namespace process = boost::process::v2;
using boost::system::error_code;

namespace {

/// In the child, before exec: only calls that are safe there.
void change_nice(int nice) {
  static_cast<void>(!::nice(nice));
  // Where sessions share the CPU as groups (sched_autogroup), nice counts within a session only;
  // the session itself has a weight of its own.
  const int group = ::open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
  if (group < 0) return;
  char text[] = {nice < 0 ? '-' : '+', static_cast<char>('0' + std::abs(nice) / 10),
                 static_cast<char>('0' + std::abs(nice) % 10)};
  static_cast<void>(!::write(group, text, sizeof text));
  ::close(group);
}

/// An initializer in the sense of Boost.Process: called in the child before exec.
struct DieWithParent {
  pid_t parent = ::getpid();
  int nice = 0;

  template <class Launcher>
  error_code on_exec_setup(Launcher&, const boost::filesystem::path&, const char* const*) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before the call above.
    if (::getppid() != parent) ::_exit(127);
    // A Ctrl-C at the terminal is the lab's to handle: it ends its machines in order.
    ::setsid();
    if (nice != 0) change_nice(nice);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    return {};
  }
};

/// Moves descriptors to 3, 4 … in the child; all others are closed there.
struct Descriptors {
  std::vector<int> list;

  template <class Launcher>
  error_code on_setup(Launcher& launcher, const boost::filesystem::path&, const char* const*) {
    for (size_t i = 0; i < list.size(); i++)
      launcher.fd_whitelist.push_back(static_cast<int>(3 + i));
    return {};
  }
  template <class Launcher>
  error_code on_exec_setup(Launcher&, const boost::filesystem::path&, const char* const*) const {
    // First out of the way, so that none is overwritten before it has moved.
    int high[16];
    for (size_t i = 0; i < list.size(); i++) {
      high[i] = ::fcntl(list[i], F_DUPFD, 64);
      if (high[i] < 0) return {errno, boost::system::system_category()};
    }
    for (size_t i = 0; i < list.size(); i++) {
      if (::dup2(high[i], static_cast<int>(3 + i)) < 0)
        return {errno, boost::system::system_category()};
      ::close(high[i]);
    }
    // Boost 1.81 means to close all that is not listed, but leaves what lies between two that are
    // (close_handles.ipp takes the same element for both ends). On exec, not now: the launcher
    // still has to tell through a pipe of its own when exec fails. Before v5.11 they stay open.
    ::close_range(static_cast<unsigned>(3 + list.size()), ~0U, CLOSE_RANGE_CLOEXEC);
    return {};
  }
};

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

struct Process::State {
  boost::asio::io_context context;
  std::optional<process::process> child;
  std::optional<int> exit_code;

  ~State() {
    if (child && !exit_code) {
      ::kill(child->id(), SIGKILL);
      ::waitpid(child->id(), nullptr, 0);
    }
    if (child) child->detach();
  }
};

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

thaw::Result<Process> Process::start(const ProcessOptions& options) {
  CHECK(options.descriptors.size() <= 16, "{} descriptors", options.descriptors.size());
  const thaw::UniqueFd output(
      ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!output.is_valid())
    return thaw::fail_errno(errno, fmt::format("cannot write {}", options.output.string()));
  auto state = std::make_unique<State>();
  try {
    const std::string& name = options.command.front();
    const boost::filesystem::path program = name.find('/') == std::string::npos
                                                ? process::environment::find_executable(name)
                                                : boost::filesystem::path(name);
    if (program.empty())
      return thaw::fail(thaw::ErrorKind::Environment, "{} is not installed here; run ci/setup",
                        name);
    const std::vector<std::string> arguments(options.command.begin() + 1, options.command.end());
    state->child.emplace(state->context.get_executor(), program, arguments,
                         process::process_stdio{nullptr, output.get(), output.get()},
                         Descriptors{options.descriptors}, DieWithParent{.nice = options.nice});
  } catch (const std::exception& error) {
    return thaw::fail(thaw::ErrorKind::Environment, "cannot start {}: {}", options.command.front(),
                      error.what());
  }
  return Process(std::move(state));
}

int Process::pid() const {
  return state_->child->id();
}

std::optional<int> Process::exit_code() {
  if (state_->exit_code) return state_->exit_code;
  int status = 0;
  if (::waitpid(pid(), &status, WNOHANG) == pid()) state_->exit_code = exit_code_of(status);
  return state_->exit_code;
}

void Process::kill() {
  if (exit_code()) return;
  ::kill(pid(), SIGKILL);
  int status = 0;
  while (::waitpid(pid(), &status, 0) < 0 && errno == EINTR) {
  }
  state_->exit_code = exit_code_of(status);
}

}  // namespace lab
