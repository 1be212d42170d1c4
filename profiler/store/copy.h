#pragma once
// A capture file written again, with names added and what it says changed.

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"
#include "profiler/store/layout.h"
#include "profiler/store/names.h"

namespace thaw {

struct CopyOptions {
  /// Written in place of those that the file has.
  std::span<const NamedImage> names;
  /// Called for each payload, in file order, with the names too; gives what is written instead, or
  /// nothing to leave the chunk out. Empty: everything stays as it is.
  std::function<std::optional<std::string>(ChunkType, std::string_view)> change;
};

struct CopySummary {
  uint64_t bytes = 0;
  uint64_t chunks_left_out = 0;  ///< damaged, of another version, or by `change`
};

/// Copies the chunks of `file` (its bytes) to `path`, which must not exist and is created with mode
/// 0600. A file that has an ending has one afterwards, right behind its last tally. Where chunks
/// were missing or damaged some are missing in the copy, so that a reader says so as well; chunks
/// of types that this version does not know are copied too. On failure there is no copy.
Result<CopySummary> copy_capture(std::string_view file, const std::filesystem::path& path,
                                 const CopyOptions& options);

/// The payload of a strings chunk with each string replaced by what `change` gives for it and its
/// id. Nothing when it makes no sense, or would be larger than a chunk may be.
std::optional<std::string> change_strings(
    std::string_view payload, const std::function<std::string(uint32_t, std::string_view)>& change);

}  // namespace thaw
