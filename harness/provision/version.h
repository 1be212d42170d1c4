#pragma once
// The orders of versions: 6.9 is older than 6.12 everywhere, but 6.17.8-1~bpo13+1 is older than
// 6.17.8-1 only for Debian and rpm, and what a letter, a plus or a caret means differs. Pure.

#include <array>
#include <compare>
#include <string>
#include <string_view>

namespace lab {

/// Whose rules compare two versions.
enum class VersionOrder { Debian, Rpm, Arch };

/// "debian", "rpm" or "arch", as kernel.json has it; any other word is read as Debian's.
std::string_view name_of(VersionOrder order);
VersionOrder version_order(std::string_view name);

/// How two package versions, or two kernel releases without flavour, compare.
std::strong_ordering compare_versions(std::string_view left, std::string_view right,
                                      VersionOrder order = VersionOrder::Debian);

/// The first three numbers of a version, without an epoch: {6, 17, 8} of "6.17.8-200.fc42"; absent
/// ones are 0. All that versions of different orders can be compared by.
std::array<unsigned long, 3> upstream_numbers(std::string_view version);

/// The version without what a rebuild for another release appends: 6.12.117-1 of both
/// 6.12.117-1~deb12u1 and 6.12.117-1~bpo12+1.
std::string source_version(std::string_view version);

}  // namespace lab
