#pragma once
// Which modules a kernel must load, and in which order. Pure, except for reading depmod's lists.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

/// Paths relative to the modules' directory, dependencies first, each once. `modules_dep` and
/// `modules_builtin` are the texts of the files of these names. A name that is built in is left
/// out, with - and _ alike as for modprobe; one that is in neither list is an error.
thaw::Result<std::vector<std::string>> order_modules(std::string_view modules_dep,
                                                     std::string_view modules_builtin,
                                                     const std::vector<std::string>& names);

/// The same for lib/modules/RELEASE on disk. A kernel without a directory of modules is taken to
/// have everything built in: nothing to load.
thaw::Result<std::vector<std::string>> modules_to_load(const std::filesystem::path& directory,
                                                       const std::vector<std::string>& names);

/// File name without directories and without .ko, .ko.xz, …: "virtio_blk".
std::string module_name(std::string_view path);

}  // namespace lab
