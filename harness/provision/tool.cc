// fork, exec, wait. Output goes to anonymous files rather than pipes, so that there is nothing to
// poll and no deadlock. QEMU and everything else that lives longer or talks belongs to machine/.

#include "harness/provision/tool.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {
namespace {

std::vector<std::string> environment(const ToolOptions& options) {
  std::vector<std::string> lines;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string line(*entry);
    if (!options.env.contains(line.substr(0, line.find('=')))) lines.push_back(line);
  }
  for (const auto& [name, value] : options.env) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (std::string& string : strings) list.push_back(string.data());
  list.push_back(nullptr);
  return list;
}

std::string content_of(int fd) {
  std::string text(static_cast<size_t>(std::max<off_t>(::lseek(fd, 0, SEEK_END), 0)), '\0');
  ::lseek(fd, 0, SEEK_SET);
  size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(fd, text.data() + have, text.size() - have);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  text.resize(have);
  return text;
}

std::string_view last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \n\r\t");
  if (end == std::string_view::npos) return "";
  text = text.substr(0, end + 1);
  const auto start = text.rfind('\n');
  return start == std::string_view::npos ? text : text.substr(start + 1);
}

// Between fork and exec only calls that are safe there: other threads may hold the allocator's
// lock.
[[noreturn]] void become(const char* program, char* const* argv, char* const* envp,
                         const char* directory, int out, int err, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (*directory != '\0' && ::chdir(directory) != 0) ::_exit(126);
  ::execve(program, argv, envp);
  ::_exit(127);
}

}  // namespace

std::filesystem::path find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::string search = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  search += ":/usr/sbin:/sbin";
  for (size_t start = 0; start <= search.size();) {
    const size_t end = std::min(search.find(':', start), search.size());
    const std::filesystem::path file =
        std::filesystem::path(search.substr(start, end - start)) / name;
    std::error_code ignored;
    if (file.is_absolute() && std::filesystem::is_regular_file(file, ignored) &&
        ::access(file.c_str(), X_OK) == 0)
      return file;
    start = end + 1;
  }
  return {};
}

std::string ToolResult::last_words() const {
  const std::string_view words = last_line(errors);
  return std::string(words.empty() ? last_line(output) : words);
}

thaw::Result<ToolResult> run_tool(const std::vector<std::string>& command,
                                  const ToolOptions& options) {
  const std::string program = find_program(command.at(0)).string();
  if (program.empty())
    return thaw::fail(thaw::ErrorKind::Environment, "{} is not installed here", command.at(0));
  const thaw::UniqueFd out(::memfd_create("stdout", MFD_CLOEXEC));
  const thaw::UniqueFd err(::memfd_create("stderr", MFD_CLOEXEC));
  if (!out.is_valid() || !err.is_valid())
    return thaw::fail_errno(errno, "cannot make an anonymous file");

  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = environment(options);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  const std::string directory = options.directory.string();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return thaw::fail_errno(errno, fmt::format("cannot start {}", program));
  if (child == 0)
    become(program.c_str(), argv.data(), envp.data(), directory.c_str(), out.get(), err.get(),
           parent);

  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return thaw::fail_errno(errno, fmt::format("cannot wait for {}", program));
  }
  ToolResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.output = content_of(out.get());
  result.errors = content_of(err.get());
  return result;
}

thaw::Result<std::string> output_of(const std::vector<std::string>& command,
                                    const ToolOptions& options) {
  ToolResult result = TRY(run_tool(command, options));
  if (result.exit_code != 0)
    return thaw::fail(thaw::ErrorKind::Environment, "{} failed with exit code {}: {}",
                      command.at(0), result.exit_code, result.last_words());
  return std::move(result.output);
}

}  // namespace lab
