#pragma once
// The viewer as one HTML file: as the server gives it out, or with a capture inside.

#include <string>
#include <string_view>
#include <vector>

#include "profiler/analysis/lanes.h"

namespace thaw {

/// The page without data: it asks its server. Built from web/.
std::string_view viewer_page();

struct EmbeddedPage {
  std::string html;
  std::vector<std::string> left_out;  ///< one sentence each; the page shows them too
};

/// The page with the capture inside, of at most `most_bytes` where that can be: detail is left out
/// until it fits, finest first.
EmbeddedPage embedded_page(const Lanes& lanes, const std::string& file, const NameOptions& options,
                           size_t most_bytes);

}  // namespace thaw
