#pragma once
// From looks at a silent guest to the certainty that it will not go on. Pure.

#include <span>
#include <string>

#include "harness/run/evidence.h"

namespace lab {

/// At least this many looks, the first and the last this far apart.
inline constexpr size_t kHangLooks = 4;
inline constexpr int64_t kHangNs = 12'000'000'000;

/// The sentence that says that it hangs and where; empty when `looks` at it while it was silent do
/// not prove it. hang.cc says what proves it.
std::string proves_hang(std::span<const Look> looks);

}  // namespace lab
