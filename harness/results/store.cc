// Keeps the results of finished runs safe from whatever happens to the next one: files are written
// beside themselves and renamed, so a killed lab or a full disk leaves the last whole state.

#include "harness/results/store.h"

#include <algorithm>

#include "harness/results/json.h"
#include "harness/results/junit.h"
#include "harness/results/ktap.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::Result;
using thaw::Status;

Status save_results(const ResultSet& results, const std::filesystem::path& directory) {
  TRY(thaw::write_file(directory / "results.json", to_json(results)));
  TRY(thaw::write_file(directory / "junit.xml", to_junit(results)));
  TRY(thaw::write_file(directory / "results.ktap", to_ktap(results)));
  return {};
}

Result<ResultSet> load_results(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_directory = std::filesystem::is_directory(path, ignored);
  const std::filesystem::path file = is_directory ? path / "results.json" : path;
  auto text = thaw::read_file(file);
  if (!text) {
    thaw::Error error = std::move(text).error();
    error.kind = thaw::ErrorKind::User;
    return std::unexpected(std::move(error));
  }
  return from_json(*text, file.string());
}

std::vector<std::filesystem::path> results_below(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::filesystem::path> found;
  for (std::filesystem::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error))
    if (at->path().filename() == "results.json") found.push_back(at->path());
  std::ranges::sort(found);
  return found;
}

}  // namespace lab
