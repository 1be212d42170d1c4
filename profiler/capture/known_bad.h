#pragma once
// Kernels that a recording can lock up, where that cannot be found out without doing it. The one
// place in Thaw that compares versions. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace thaw {

struct KernelVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;
  friend auto operator<=>(const KernelVersion&, const KernelVersion&) = default;
};

/// The version that a kernel was made from. Distributions name theirs by an ABI number (6.1.0-55,
/// 5.19.0-50) and tell the version elsewhere: `version` is uname -v ("#1 SMP Debian 6.1.192-1"),
/// `signature` /proc/version_signature of Ubuntu ("Ubuntu 5.19.0-50.50-generic 5.19.17"), or empty.
/// Nothing when no number is found.
std::optional<KernelVersion> kernel_version(std::string_view release, std::string_view version,
                                            std::string_view signature);

/// Why unwind tables and stack copies, which read user memory while they sample, must not be used
/// with this kernel; one sentence with its source. Nothing when no trouble is known.
std::optional<std::string> bad_for_reading_user_memory(const KernelVersion& version);

}  // namespace thaw
