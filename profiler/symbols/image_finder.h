#pragma once
// Where the file is that a process once mapped: every place, in one list.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/symbols/debuginfod.h"
#include "profiler/symbols/elf_image.h"

namespace thaw {

/// A process that had the file at these addresses.
struct ImageSighting {
  int32_t pid = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// What was mapped, as a capture tells it.
struct ImageWanted {
  std::string path;      ///< as the process saw it; "/a/b (deleted)" for one without a name by then
  std::string build_id;  ///< "" when nobody told
  std::vector<ImageSighting> seen;
};

/// A path without the kernel's remark that its file is gone.
std::string_view without_remark(std::string_view path);

/// Finds files by path, then in folders that the user named, then through a process that still
/// lives: in its root (a container's), as what it has mapped (deleted files); then from debuginfod
/// where that was asked for. A file whose build-id is not the wanted one is never taken: wrong
/// names are worse than none. Where nobody knows the build-id, the path is all there is. Used by
/// one thread.
class ImageFinder {
 public:
  /// `debuginfod`: ask its servers too. In `folders` a file may lie at its whole path, as in the
  /// root of another machine, or by its name alone.
  explicit ImageFinder(bool debuginfod, std::vector<std::string> folders = {})
      : asks_(debuginfod), folders_(std::move(folders)) {}

  struct Found {
    std::optional<ElfImage> elf;
    bool was_read = false;    ///< there was a file at its path
    bool is_another = false;  ///< and by its build-id it was another
  };
  Found find(const ImageWanted& wanted);
  /// What the user should know of the search, one sentence each.
  std::vector<std::string> notes() const;

 private:
  bool take(Found& found, const ImagePlace& place, const ImageWanted& wanted);
  void look_in_folders(Found& found, const ImageWanted& wanted);
  void look_in_processes(Found& found, const ImageWanted& wanted);
  void ask(Found& found, const ImageWanted& wanted);

  bool asks_;
  std::vector<std::string> folders_;
  Debuginfod debuginfod_;
};

}  // namespace thaw
