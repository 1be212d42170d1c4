#pragma once
// Text that is safe inside a page. Pure.

#include <string>
#include <string_view>

namespace lab {

/// Escaped for HTML text and attributes; bytes that are no text are replaced.
std::string html(std::string_view text);
/// A relative link as a URL: what a path may hold and a URL may not is escaped.
std::string url(const std::string& path);
/// Everything before the body's content, style included.
std::string page_head(std::string_view title);

}  // namespace lab
