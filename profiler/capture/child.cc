// fork, wait on a pipe, drop privileges, exec. Two pipes: `go` holds the child, `failure` brings
// errno back when exec fails. Groups are read from /etc/group by hand: the program is static, and
// glibc's own look-up would need the system's shared libraries of the same version.

#include "profiler/capture/child.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "profiler/base/files.h"

namespace thaw {
namespace {

/// Groups that list `user` as a member, and `primary`.
std::vector<gid_t> groups_of(const std::string& user, gid_t primary) {
  std::vector<gid_t> groups = {primary};
  std::istringstream lines(read_file("/etc/group").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name, password, gid, members;
    std::getline(fields, name, ':');
    std::getline(fields, password, ':');
    std::getline(fields, gid, ':');
    std::getline(fields, members, ':');
    if (("," + members + ",").find("," + user + ",") != std::string::npos) {
      groups.push_back(static_cast<gid_t>(std::strtoul(gid.c_str(), nullptr, 10)));
    }
  }
  return groups;
}

/// The home directory of `uid`; sudo has set HOME to root's.
std::optional<std::string> home_of(uid_t uid) {
  std::istringstream lines(read_file("/etc/passwd").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name, password, id, gid, comment, home;
    for (std::string* field : {&name, &password, &id, &gid, &comment, &home})
      std::getline(fields, *field, ':');
    if (id == std::to_string(uid)) return home;
  }
  return std::nullopt;
}

/// What sudo_caller() gives, with all that a process of theirs has.
struct Identity {
  Caller caller;
  std::vector<gid_t> groups;
  std::optional<std::string> home;
};

std::optional<Identity> identity_of_caller() {
  const auto caller = sudo_caller();
  if (!caller) return std::nullopt;
  return Identity{*caller, groups_of(caller->name, caller->gid), home_of(caller->uid)};
}

bool become(const Identity& identity) {
  const auto& [caller, groups, home] = identity;
  if (home) ::setenv("HOME", home->c_str(), 1);
  for (const char* variable : {"USER", "LOGNAME"}) ::setenv(variable, caller.name.c_str(), 1);
  return ::setgroups(groups.size(), groups.data()) == 0 &&
         ::setresgid(caller.gid, caller.gid, caller.gid) == 0 &&
         ::setresuid(caller.uid, caller.uid, caller.uid) == 0;
}

[[noreturn]] void run_child(int go, int failure, const std::vector<std::string>& command,
                            const std::optional<Identity>& identity) {
  char byte;
  ssize_t got;
  while ((got = ::read(go, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (got != 1) ::_exit(127);
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  if (!identity || become(*identity)) ::execvp(arguments[0], arguments.data());
  const int code = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &code, sizeof code);
  ::_exit(127);
}

}  // namespace

std::optional<Caller> sudo_caller() {
  const char* uid = std::getenv("SUDO_UID");
  const char* gid = std::getenv("SUDO_GID");
  const char* user = std::getenv("SUDO_USER");
  if (::getuid() != 0 || uid == nullptr || gid == nullptr || std::strcmp(uid, "0") == 0)
    return std::nullopt;
  return Caller{static_cast<uid_t>(std::strtoul(uid, nullptr, 10)),
                static_cast<gid_t>(std::strtoul(gid, nullptr, 10)), user != nullptr ? user : ""};
}

Result<Child> Child::hold(const std::vector<std::string>& command) {
  int go[2], failure[2];
  if (::pipe2(go, O_CLOEXEC) != 0 || ::pipe2(failure, O_CLOEXEC) != 0)
    return fail_errno(errno, "cannot make a pipe");
  UniqueFd go_read(go[0]), go_write(go[1]), failure_read(failure[0]), failure_write(failure[1]);
  const auto identity = identity_of_caller();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot fork");
  if (pid == 0) {
    ::close(go_write.release());
    ::close(failure_read.release());
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    run_child(go_read.get(), failure_write.get(), command, identity);
  }
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.is_valid()) {
    const int code = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail_errno(code, "cannot watch the command");
  }
  return Child(pid, std::move(pidfd), std::move(go_write), std::move(failure_read),
               command.front());
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      go_(std::move(other.go_)),
      failure_(std::move(other.failure_)),
      name_(std::move(other.name_)),
      exit_code_(other.exit_code_) {}

Child::~Child() {
  if (pid_ < 0 || !go_.is_valid()) return;  // moved from, or released
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Status Child::release() {
  const UniqueFd go = std::move(go_);
  TRY(write_all(go.get(), "x"));
  int code = 0;
  ssize_t got;
  while ((got = ::read(failure_.get(), &code, sizeof code)) < 0 && errno == EINTR) {
  }
  if (got != sizeof code) return {};
  ::waitpid(pid_, nullptr, 0);
  return fail(ErrorKind::User, "cannot run {}: {}", name_, std::strerror(code));
}

std::optional<int> Child::exit_code() {
  if (exit_code_) return exit_code_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

void Child::forward(Signal signal) const {
  if (signal.number != 0 && !signal.by_terminal) ::kill(pid_, signal.number);
}

}  // namespace thaw
