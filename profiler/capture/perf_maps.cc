// The file is written by the recorded program into a directory of everybody's, and read by root: so
// it is opened below the process's own root without following any link, and must belong to somebody
// who could have put the names into the process as well.

#include "profiler/capture/perf_maps.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"
#include "profiler/capture/child.h"

namespace thaw {

namespace {

/// Those of large Node programs are 50 MB.
constexpr off_t kMostBytes = 256 << 20;
constexpr size_t kMostNameBytes = 4 * 1024;

struct Process {
  Pid pid;
  uid_t user = 0;     ///< whose files are believed, besides root's
  int32_t inner = 0;  ///< the pid as the process itself knows it
};

/// The last of "NSpid:  7  1": in the innermost of its namespaces.
int32_t inner_pid(Pid pid) {
  const auto status = read_file(fmt::format("/proc/{}/status", pid));
  const size_t at = status ? status->find("\nNSpid:") : std::string::npos;
  if (at == std::string::npos) return pid.value;
  const std::string line = status->substr(at + 1, status->find('\n', at + 1) - at - 1);
  const size_t last = line.find_last_of(" \t");
  int32_t inner = pid.value;
  std::from_chars(line.data() + last + 1, line.data() + line.size(), inner);
  return inner;
}

Process look_at(Pid pid) {
  struct stat facts {};
  if (::stat(fmt::format("/proc/{}", pid).c_str(), &facts) == 0)
    return {pid, facts.st_uid, inner_pid(pid)};
  const auto caller = sudo_caller();
  return {pid, caller ? caller->uid : ::geteuid(), pid.value};
}

UniqueFd open_below(const std::string& root, const std::string& path) {
  const UniqueFd folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;
  return UniqueFd(
      static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
}

std::optional<std::string> read_map(const UniqueFd& fd, uid_t user) {
  struct stat facts {};
  if (!fd.is_valid() || ::fstat(fd.get(), &facts) != 0) return std::nullopt;
  const bool is_believed = facts.st_uid == user || facts.st_uid == 0;
  if (!S_ISREG(facts.st_mode) || facts.st_nlink > 1 || !is_believed || facts.st_size > kMostBytes)
    return std::nullopt;
  std::string text(static_cast<size_t>(facts.st_size), '\0');
  size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + have, text.size() - have);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  text.resize(have);
  return text;
}

std::optional<std::string> map_of(Pid pid) {
  const Process process = look_at(pid);
  const std::string its_own = fmt::format("tmp/perf-{}.map", process.inner);
  if (auto text = read_map(open_below(fmt::format("/proc/{}/root", pid), its_own), process.user))
    return text;
  return read_map(open_below("/", fmt::format("tmp/perf-{}.map", pid)), process.user);
}

/// "0x" is optional. Moves `text` behind the number and the blank after it.
std::optional<uint64_t> take_number(std::string_view& text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  const auto length = static_cast<size_t>(end - text.data());
  if (error != std::errc() || length == text.size() || text[length] != ' ') return std::nullopt;
  text.remove_prefix(length + 1);
  return value;
}

}  // namespace

bool is_generated_code(const Mapping& mapping) {
  constexpr std::string_view kMemory[] = {"[anon", "//anon", "/memfd:", "/dev/zero"};
  const auto has_start = [&](std::string_view start) { return mapping.path.starts_with(start); };
  return mapping.bytes != 0 && (mapping.path.empty() || std::ranges::any_of(kMemory, has_start));
}

std::vector<GeneratedFunction> parse_perf_map(std::string_view text, Pid pid,
                                              const std::vector<uint64_t>& addresses) {
  std::vector<GeneratedFunction> found;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto begin = take_number(line);
    const auto bytes = begin ? take_number(line) : std::nullopt;
    if (!bytes || line.empty()) continue;
    const auto address = std::ranges::lower_bound(addresses, *begin);
    // An address that is returned to may be the first behind its function.
    if (address == addresses.end() || *address - *begin > *bytes) continue;
    found.push_back({pid, *begin, *bytes, std::string(line.substr(0, kMostNameBytes))});
  }
  return found;
}

Status write_perf_maps(Writer& writer, const std::set<Pid>& processes) {
  std::vector<uint64_t> addresses;
  for (const Pid pid : processes) {
    const auto text = map_of(pid);
    if (!text) continue;
    if (addresses.empty()) {
      addresses = writer.user_addresses();
      std::ranges::sort(addresses);
    }
    TRY(writer.put(std::span<const GeneratedFunction>(parse_perf_map(*text, pid, addresses))));
  }
  return {};
}

}  // namespace thaw
