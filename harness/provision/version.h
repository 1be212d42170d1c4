#pragma once
// Debian's order of versions: 6.17.8-1~bpo13+1 is older than 6.17.8-1, and 6.9 than 6.12. Pure.

#include <compare>
#include <string>
#include <string_view>

namespace lab {

/// How two package versions, or two kernel releases without flavour, compare.
std::strong_ordering compare_versions(std::string_view left, std::string_view right);

/// The version without what a rebuild for another release appends: 6.12.117-1 of both
/// 6.12.117-1~deb12u1 and 6.12.117-1~bpo12+1.
std::string source_version(std::string_view version);

}  // namespace lab
