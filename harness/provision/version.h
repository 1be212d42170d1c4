#pragma once
// Debian's order of versions: 6.17.8-1~bpo13+1 is older than 6.17.8-1, and 6.9 than 6.12. Pure.

#include <compare>
#include <string_view>

namespace lab {

/// How two package versions, or two kernel releases without flavour, compare.
std::strong_ordering compare_versions(std::string_view left, std::string_view right);

}  // namespace lab
