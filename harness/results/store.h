#pragma once
// The results directory: results.json, junit.xml and results.ktap as a whole, replaced after every
// run.

#include <filesystem>

#include "harness/results/result.h"
#include "profiler/base/errors.h"

namespace lab {

/// Replaces the three files in `directory`, each atomically. On failure (a full disk)
/// the earlier ones stay as they were.
thaw::Status save_results(const ResultSet& results, const std::filesystem::path& directory);

/// Reads results.json of a directory, or the file itself.
thaw::Result<ResultSet> load_results(const std::filesystem::path& path);

/// Every results.json at or below `path`, sorted; a file is itself.
std::vector<std::filesystem::path> results_below(const std::filesystem::path& path);

}  // namespace lab
