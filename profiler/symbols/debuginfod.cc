// The library would be opened at run time, which a static program cannot do; and a program can be
// killed when it hangs.

#include "profiler/symbols/debuginfod.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>

#include "profiler/base/time.h"
#include "profiler/base/unique_fd.h"

namespace thaw {

namespace {

/// For one file. Debug packages of browsers are a gigabyte; who has to wait longer fetches them
/// beforehand.
constexpr int64_t kPatienceNs = 90'000'000'000;

struct Answer {
  int code = 0;  ///< exit code; 127: no such program
  bool in_time = true;
  std::string text;
};

/// What comes out until it closes its end; false when that takes too long.
bool read_all(int fd, std::string& text) {
  const int64_t deadline_ns = monotonic_ns() + kPatienceNs;
  char piece[4096];
  while (true) {
    const int64_t left_ms = (deadline_ns - monotonic_ns()) / 1'000'000;
    pollfd ready{fd, POLLIN, 0};
    if (left_ms <= 0) return false;
    if (::poll(&ready, 1, static_cast<int>(left_ms)) <= 0) continue;
    const ssize_t got = ::read(fd, piece, sizeof piece);
    if (got <= 0) return got == 0;
    text.append(piece, static_cast<size_t>(got));
  }
}

Answer run(const char* kind, const std::string& build_id) {
  Answer answer{.code = 127, .text = {}};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return answer;
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string words[] = {"debuginfod-find", kind, build_id};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments, ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return answer;
  writing.reset();
  answer.in_time = read_all(reading.get(), answer.text);
  if (!answer.in_time) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return answer;
}

bool is_hexadecimal(const std::string& text) {
  return text.size() > 2 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

std::optional<std::filesystem::path> Debuginfod::find(Kind kind, const std::string& build_id) {
  if (!stopped_.empty() || !is_hexadecimal(build_id)) return std::nullopt;
  if (const char* servers = std::getenv("DEBUGINFOD_URLS");
      servers == nullptr || *servers == '\0') {
    stopped_ = "DEBUGINFOD_URLS names no server, so --debuginfod finds nothing; set it";
    return std::nullopt;
  }
  Answer answer = run(kind == Kind::executable ? "executable" : "debuginfo", build_id);
  if (answer.code == 127)
    stopped_ = "--debuginfod needs the program debuginfod-find; install the package debuginfod";
  if (!answer.in_time)
    stopped_ = "debuginfod-find gave no answer in 90 s; names come from this machine alone";
  while (answer.text.ends_with('\n')) answer.text.pop_back();
  if (!stopped_.empty() || answer.code != 0 || !answer.text.starts_with('/')) return std::nullopt;
  return answer.text;
}

}  // namespace thaw
