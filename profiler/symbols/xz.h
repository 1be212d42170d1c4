#pragma once
// Undoes xz.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace thaw {

/// One .xz stream in memory. Nothing when it is damaged, or needs or gives more than `most_bytes`.
std::optional<std::string> decompress_xz(std::string_view compressed, size_t most_bytes);

}  // namespace thaw
