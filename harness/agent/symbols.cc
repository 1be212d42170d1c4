// /proc/kallsyms without what no stack can show: variables and the padding before functions. BPF
// programs come from bpf(2) instead, since they are loaded after the thread has begun to read, and
// reading twice would cost the load's start another 0.3 s.

#include "harness/agent/symbols.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "profiler/base/unique_fd.h"

namespace lab {

namespace {

// Where the unwind tables and the lists of held locks are.
constexpr std::array<std::string_view, 6> kVariables{
    "__start_orc_unwind_ip", "__stop_orc_unwind_ip",  "__start_orc_unwind",
    "__stop_orc_unwind",     "rqspinlock_held_locks", "_etext"};

/// "ADDRESS T NAME\t[MODULE]" to "ADDRESS NAME"; nothing of what is not wanted.
void add_line(std::string_view line, std::string& into) {
  constexpr size_t kAddressDigits = 16;
  constexpr size_t kNameAt = kAddressDigits + 3;
  if (line.size() <= kNameAt) return;
  const char type = line[kAddressDigits + 1];
  std::string_view name = line.substr(kNameAt);
  if (name.ends_with("\t[bpf]")) return;
  name = name.substr(0, name.find('\t'));
  const bool is_code = type == 't' || type == 'T' || type == 'w' || type == 'W';
  const bool is_padding = name.starts_with("__pfx_") || name.starts_with("__cfi_");
  if ((!is_code || is_padding) && std::ranges::find(kVariables, name) == kVariables.end()) return;
  into.append(line.substr(0, kAddressDigits)).append(" ").append(name).append("\n");
}

std::string kernel_symbols() {
  std::string result;
  const thaw::UniqueFd file(::open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
  if (!file.is_valid()) return result;
  result.reserve(4 << 20);
  std::string rest;
  std::vector<char> buffer(65536);
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return result;
    rest.append(buffer.data(), static_cast<size_t>(got));
    size_t at = 0;
    for (size_t end = 0; (end = rest.find('\n', at)) != std::string::npos; at = end + 1)
      add_line(std::string_view(rest).substr(at, end - at), result);
    rest.erase(0, at);
  }
}

/// A program and its subprograms, each a piece of code of its own.
void add_program(int fd, std::string& into) {
  constexpr size_t kMostPieces = 256;
  std::array<uint64_t, kMostPieces> addresses{};
  std::array<uint32_t, kMostPieces> lengths{};
  bpf_prog_info info{};
  info.jited_ksyms = reinterpret_cast<uintptr_t>(addresses.data());
  info.nr_jited_ksyms = addresses.size();
  info.jited_func_lens = reinterpret_cast<uintptr_t>(lengths.data());
  info.nr_jited_func_lens = lengths.size();
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return;
  const size_t pieces =
      std::min<size_t>({kMostPieces, info.nr_jited_ksyms, info.nr_jited_func_lens});
  for (size_t i = 0; i < pieces; i++)
    into += fmt::format("P {:x} {:x} {}{}\n", addresses[i], lengths[i],
                        info.name[0] != '\0' ? info.name : "unnamed",
                        i == 0 ? "" : fmt::format(" (part {})", i + 1));
}

void add_programs(std::string& into) {
  for (uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;)
    if (const thaw::UniqueFd program(bpf_prog_get_fd_by_id(id)); program.is_valid())
      add_program(program.get(), into);
}

void add_maps(std::string& into) {
  for (uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
    const thaw::UniqueFd map(bpf_map_get_fd_by_id(id));
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (map.is_valid() && bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0)
      into += fmt::format("M {} {} {}\n", id, info.type, info.name);
  }
}

}  // namespace

SymbolCollector::SymbolCollector() : thread_([this] { kernel_ = kernel_symbols(); }) {}

std::string SymbolCollector::text() {
  join();
  std::string all = std::move(kernel_);
  add_programs(all);
  add_maps(all);
  return all;
}

}  // namespace lab
