// fork, exec, pipe, wait. The exec's own failure comes back through a second pipe, so that "no such
// program" is told apart from a program that ends with 127.

#include "harness/agent/child.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/agent/messages.h"
#include "harness/agent/user.h"
#include "profiler/base/files.h"

namespace lab {

namespace {

constexpr size_t kMostOutput = 128 * 1024;
constexpr std::string_view kPath = "/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin";

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_lines(const ChildOptions& options) {
  std::map<std::string, std::string> all{{"PATH", std::string(kPath)},
                                         {"HOME", options.scratch},
                                         {"TMPDIR", options.scratch},
                                         {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : options.env) all[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

/// Where a program may be, in order. Looked at after the change of root: a link in there may be
/// absolute.
std::vector<std::string> places_of(const std::string& program, std::string_view path) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> places;
  while (true) {
    const size_t end = std::min(path.find(':'), path.size());
    places.push_back(fmt::format("{}/{}", path.substr(0, end), program));
    if (end == path.size()) return places;
    path.remove_prefix(end + 1);
  }
}

struct Exec {
  std::vector<char*> places;
  std::vector<char*> argv;
  std::vector<char*> envp;
  const char* root;
  const char* scratch;
  UserIds identity;
  int output_file;  ///< -1: none
};

/// Between fork and exec: nothing here allocates. Returns when it failed, with errno.
void become(const Exec& exec, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // of an agent that is not the first process
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, 0);
  ::dup2(exec.output_file >= 0 ? exec.output_file : out, 1);
  ::dup2(out, 2);
  if (*exec.root != '\0' && ::chroot(exec.root) != 0) return;
  static_cast<void>(!::chdir(exec.scratch));
  if (exec.identity.uid != 0 || exec.identity.gid != 0) {
    if (::setgroups(1, &exec.identity.gid) != 0 || ::setgid(exec.identity.gid) != 0 ||
        ::setuid(exec.identity.uid) != 0)
      return;
  }
  for (char* const place : exec.places) {
    if (place == nullptr) return;
    ::execve(place, exec.argv.data(), exec.envp.data());
    if (errno != ENOENT && errno != ENOTDIR) return;
  }
}

[[noreturn]] void run_child(const Exec& exec, int out, int trouble) {
  become(exec, out);
  const int code = errno;
  static_cast<void>(!::write(trouble, &code, sizeof code));
  ::_exit(127);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

thaw::Result<Child> Child::start(const ChildOptions& options) {
  const auto passwd = thaw::read_file(options.root + "/etc/passwd");
  const UserIds identity = TRY(ids_of(options.user, passwd ? *passwd : ""));
  thaw::UniqueFd file;
  if (!options.output_file.empty()) {
    file.reset(::open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_valid()) return thaw::fail_errno(errno, "cannot write " + options.output_file);
  }
  int out[2];
  int trouble[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(trouble, O_CLOEXEC) != 0)
    return thaw::fail_errno(errno, "cannot make a pipe");
  std::vector<std::string> words = options.command;
  std::vector<std::string> lines = environment_lines(options);
  const auto path = options.env.find("PATH");
  std::vector<std::string> places =
      places_of(words.front(), path != options.env.end() ? path->second : kPath);
  const Exec exec{pointers(places),
                  pointers(words),
                  pointers(lines),
                  options.root.c_str(),
                  options.scratch.c_str(),
                  identity,
                  file.is_valid() ? file.get() : -1};
  const int pid = ::fork();
  if (pid == 0) run_child(exec, out[1], trouble[1]);
  ::close(out[1]);
  ::close(trouble[1]);
  thaw::UniqueFd pipe(out[0]);
  const thaw::UniqueFd trouble_end(trouble[0]);
  if (pid < 0) return thaw::fail_errno(errno, "cannot fork");
  int code = 0;
  if (::read(trouble_end.get(), &code, sizeof code) == sizeof code) {
    ::waitpid(pid, nullptr, 0);
    return thaw::fail(thaw::ErrorKind::User, "cannot start {}: {}", options.command.front(),
                      std::strerror(code));
  }
  ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
  return Child(pid, std::move(pipe));
}

void Child::collect() {
  // First whether it ended, then what it printed: nothing printed before the end is missed.
  if (!exit_code_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) exit_code_ = exit_code_of(status);
  }
  char buffer[16384];
  while (true) {
    const ssize_t got = ::read(pipe_.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    // Nobody holds the other end any more, and poll() would say so again and again. The process may
    // have long to go: an exiting profiler gives back its rings after it has closed its files, and
    // on one CPU needs this thread to sleep meanwhile.
    if (got == 0) pipe_.reset();
    if (got <= 0) break;
    output_.append(buffer, static_cast<size_t>(got));
    if (output_.size() > kMostOutput) output_.erase(kMostOutput / 2, output_.size() - kMostOutput);
  }
}

void Child::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

void Child::kill() {
  ::kill(-pid_, SIGKILL);
  if (exit_code_) return;
  int status = 0;
  // A child in an uninterruptible sleep may never go; the power goes off under it.
  for (int attempt = 0; attempt < 100 && !exit_code_; attempt++) {
    if (::waitpid(pid_, &status, WNOHANG) == pid_) exit_code_ = exit_code_of(status);
    ::usleep(10'000);
  }
  collect();
}

void reap_orphans(const std::vector<const Child*>& not_these) {
  siginfo_t who{};
  while (::waitid(P_ALL, 0, &who, WEXITED | WNOHANG | WNOWAIT) == 0 && who.si_pid != 0) {
    const bool is_ours = std::ranges::any_of(
        not_these, [&](const Child* child) { return child && child->pid() == who.si_pid; });
    // waitid shows the same process again until it is taken: leave it to its owner.
    if (is_ours) return;
    ::waitpid(who.si_pid, nullptr, WNOHANG);
    who.si_pid = 0;
  }
}

}  // namespace lab
