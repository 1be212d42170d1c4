#pragma once
// Text from guests made safe for JSON, XML and HTML.

#include <string>
#include <string_view>

namespace lab {

/// Valid UTF-8 without control characters but tab and newline: each bad byte becomes U+FFFD.
/// Console logs hold both (escape sequences, a torn line), and parsers refuse files with them.
std::string clean_utf8(std::string_view bytes);

}  // namespace lab
