#pragma once
// Deflates what a viewer wants compressed. Pure.

#include <string>
#include <string_view>

namespace thaw {

/// A gzip file with these bytes in it. The same bytes give the same file: no time, no name.
std::string gzip(std::string_view bytes);

}  // namespace thaw
