#pragma once
// Results directories joined on disk.

#include <filesystem>
#include <string>
#include <vector>

#include "harness/results/merge.h"

namespace lab {

/// Everything at or below `parts` that holds results, and what is in `out` already, written into
/// `out`: runs' files, results.json and its like, the page, plan.json. A plan.json in the directory
/// above all parts is the whole they share. Fails with User when there is nothing, or when the
/// parts do not go together; `out` is then as it was.
thaw::Result<Merged> merge_directories(const std::vector<std::filesystem::path>& parts,
                                       const std::filesystem::path& out);

/// Puts them into the history (as `--history` says), prints table and notes, and `how_to_go_on`
/// when runs are missing. Returns the exit code.
thaw::Result<int> tell(const Merged& merged, const std::filesystem::path& out,
                       const std::string& history, const std::string& how_to_go_on);

}  // namespace lab
