#pragma once
// One file that holds others: a tar archive, compressed with zstd, whose last entry SHA256SUMS has
// the digest of each of the others. `tar xf` opens it too.

#include <filesystem>
#include <string>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

struct BundleEntry {
  std::string name;              ///< relative, with / between parts
  std::filesystem::path source;  ///< a file of this host; empty: `content`
  std::string content;
};

/// Writes `file` at once or not at all. Fails with Environment when a source cannot be read or the
/// file not be written.
thaw::Status pack_bundle(const std::vector<BundleEntry>& entries,
                         const std::filesystem::path& file);

/// Unpacks all files into `directory`, which is made and must not hold any. Fails with Corrupt,
/// naming the file, when it is no bundle, is cut, an entry is not what SHA256SUMS says, is missing
/// there or here, or would lie outside of `directory`; what was unpacked until then stays.
thaw::Status unpack_bundle(const std::filesystem::path& file,
                           const std::filesystem::path& directory);

/// Whether a name may be unpacked: relative, without "..", "." or empty parts.
bool is_safe_entry_name(std::string_view name);

}  // namespace lab
