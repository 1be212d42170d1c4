#pragma once
// What the commands that read a capture share: which file, opening it, and printing the answer.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "profiler/analysis/lanes.h"
#include "profiler/base/errors.h"
#include "profiler/store/reader.h"

namespace thaw {

struct OpenedCapture {
  std::filesystem::path path;
  uint64_t bytes = 0;
  Capture capture;
};

/// Opens `path`, or when it is empty the newest *.thaw in the working directory. A damaged capture
/// that opens is said on stderr, in one line.
Result<OpenedCapture> open_capture(std::filesystem::path path,
                                   Samples samples = Samples::among_events);

/// The same as lanes: less memory for more events. `path` becomes that of the file.
Result<Lanes> open_lanes(std::filesystem::path& path);

/// `path`, or when it is empty the newest *.thaw in the working directory; it exists. Fails with
/// User.
Result<std::filesystem::path> find_capture(std::filesystem::path path);

/// A name that cannot be written, before any work is done: a directory, or without `force` a file
/// that exists. Fails with User.
Status check_output(const std::filesystem::path& out, bool force);

/// Writes to stdout. Fails when it cannot be written whole: a full disk behind `> FILE`.
Status print_out(std::string_view text);

}  // namespace thaw
