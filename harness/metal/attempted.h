#pragma once
// What was about to be done to the machine, on disk before it is done: a lab that dies with it, or
// is killed, knows afterwards what it was.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"

namespace lab {

struct Attempted {
  std::string step;     ///< "boot", "case"; "over" when the machine outlived it
  std::string boot_id;  ///< of the machine when it began
};

/// By run id, the last word of each. Lines that are cut or foreign are passed over. Pure.
std::map<std::string, Attempted> read_attempted(std::string_view text);

/// The file of one session. Each line is on the disk when note() returns.
class AttemptLog {
 public:
  explicit AttemptLog(std::filesystem::path directory) : directory_(std::move(directory)) {}
  std::map<std::string, Attempted> read() const;
  thaw::Status note(const std::string& run, const Attempted& what) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace lab
