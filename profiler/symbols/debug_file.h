#pragma once
// Where the separate debug file of an ELF file is.

#include <filesystem>
#include <optional>

#include "profiler/symbols/elf_file.h"

namespace thaw {

/// An image and the file system that it is part of.
struct ImagePlace {
  std::filesystem::path file;  ///< to open
  std::filesystem::path root;  ///< of the file system, "/" for ours
  std::filesystem::path name;  ///< what the file is called in it
};

/// By build-id below /usr/lib/debug, then by .gnu_debuglink: beside the file, in .debug there,
/// below /usr/lib/debug; all in its own root, then in ours. One that belongs to another build is
/// passed over: build-ids tell, or the checksum of the link where there are none.
std::optional<std::filesystem::path> find_debug_file(const ElfFile& image, const ImagePlace& place);

}  // namespace thaw
