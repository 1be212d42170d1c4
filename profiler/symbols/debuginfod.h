#pragma once
// Files by build-id from debuginfod servers, through the program `debuginfod-find`.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace thaw {

/// Asks, one file at a time. Stops asking after the first failure that would repeat itself: no
/// program, no server, no answer in time. Used by one thread.
class Debuginfod {
 public:
  enum class Kind { executable, debuginfo };

  /// Where the file is by now, in the program's cache. Nothing when the servers do not have it.
  std::optional<std::filesystem::path> find(Kind kind, const std::string& build_id);
  /// Why it stopped asking, in one sentence; "" while it goes on.
  const std::string& stopped() const { return stopped_; }

 private:
  std::string stopped_;
};

}  // namespace thaw
