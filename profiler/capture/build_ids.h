#pragma once
// Build-ids of the files that processes map, each file read once.

#include <cstdint>
#include <map>
#include <string>

#include "profiler/store/images.h"

namespace thaw {

/// A file, whatever its name.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t generation = 0;
  auto operator<=>(const FileId&) const = default;
};

/// Used by one thread.
class BuildIds {
 public:
  /// Of the file that is mapped, by way of the process while it lives; else of what is at its path,
  /// if that is the same file. "" when it has none, or is gone.
  const std::string& of(const FileId& file, const Mapping& mapping);
  /// The same of a mapping that is there now, in a process that lives.
  std::string of(const Mapping& mapping);

 private:
  std::map<FileId, std::string> known_;
};

}  // namespace thaw
