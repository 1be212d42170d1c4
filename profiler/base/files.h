#pragma once
// Small files, whole: /proc and /sys entries, JSON results. Large or growing files have their own
// readers.

#include <filesystem>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace thaw {

/// Reads all of `path`. Works on /proc files, whose size is 0.
Result<std::string> read_file(const std::filesystem::path& path);

/// Writes to a temporary file beside `path` and renames it: readers see the old content or the new,
/// never a part. What is there and is no file (a device, a pipe) just takes the bytes.
Status write_file(const std::filesystem::path& path, std::string_view content);

/// Where this program lies: others of ours are beside it.
Result<std::filesystem::path> own_directory();

/// Writes all bytes, repeating after EINTR and short writes.
Status write_all(int fd, std::string_view bytes);

}  // namespace thaw
