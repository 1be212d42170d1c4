#pragma once
// report.html: the results as one file that needs nothing else.

#include <filesystem>
#include <map>
#include <string>

#include "harness/results/result.h"
#include "profiler/base/errors.h"

namespace lab {

/// Pure. `pictures`: thread pictures (picture.h) by run id.
std::string to_page(const ResultSet& results, const std::map<std::string, std::string>& pictures);

/// Reads the runs' pictures below `directory` and replaces `directory`/report.html, which then
/// stands alone but for its links to logs.
thaw::Status save_page(const ResultSet& results, const std::filesystem::path& directory);

}  // namespace lab
