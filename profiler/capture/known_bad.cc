// One row for now.
//
// Linux kernel commit 0aef499f3172 ("mm/usercopy: Detect vmalloc overruns") (in v5.19) made
// copy_from_user_nofault(), which bpf_probe_read_user() is, look up vmalloc addresses under a
// spinlock that is not safe to take in interrupts: a sample that interrupts clone() waits for the
// lock for ever, and soon all CPUs do. Linux kernel commit d319f344561d ("mm: Fix
// copy_from_user_nofault().") (in v6.4, 6.3.10, 6.1.36) mended it. Reported against a profiler that
// unwinds in BPF: github.com/parca-dev/parca-agent/issues/1675, bugs.debian.org/1033398. The
// kernel's own walk by frame pointers does not go that way.

#include "profiler/capture/known_bad.h"

#include <charconv>

#include <fmt/format.h>

namespace thaw {

namespace {

/// "6.1.192…", the third number optional.
std::optional<KernelVersion> parse(std::string_view text) {
  KernelVersion version;
  int* const parts[] = {&version.major, &version.minor, &version.patch};
  size_t found = 0;
  for (int* part : parts) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *part);
    if (error != std::errc()) break;
    found++;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty() || text.front() != '.') break;
    text.remove_prefix(1);
  }
  return found >= 2 ? std::optional(version) : std::nullopt;
}

std::optional<KernelVersion> parse_behind(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  return at == std::string_view::npos ? std::nullopt : parse(text.substr(at + mark.size()));
}

}  // namespace

std::optional<KernelVersion> kernel_version(std::string_view release, std::string_view version,
                                            std::string_view signature) {
  if (const auto debian = parse_behind(version, "Debian ")) return debian;
  if (signature.starts_with("Ubuntu "))
    if (const size_t last = signature.find_last_of(' '); last != std::string_view::npos)
      if (const auto ubuntu = parse(signature.substr(last + 1))) return ubuntu;
  return parse(release);
}

std::optional<std::string> bad_for_reading_user_memory(const KernelVersion& version) {
  const bool has_bug = version >= KernelVersion{5, 19, 0} && version < KernelVersion{6, 4, 0};
  const bool is_mended = (version >= KernelVersion{6, 1, 36} && version < KernelVersion{6, 2, 0}) ||
                         version >= KernelVersion{6, 3, 10};
  if (!has_bug || is_mended) return std::nullopt;
  return fmt::format(
      "Linux {}.{}.{} can lock up when user memory is read while sampling (Linux kernel commit "
      "d319f344561d mended it in 6.1.36, 6.3.10 and 6.4)",
      version.major, version.minor, version.patch);
}

}  // namespace thaw
