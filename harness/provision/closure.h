#pragma once
// What a program of this host needs to run in a guest that has nothing.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/initramfs.h"
#include "profiler/base/errors.h"

namespace lab {

/// `program` first, then its ELF interpreter, every shared library under the path the loader opens,
/// and the loader's cache; only itself when it is static. For a script: the interpreter too, with
/// `/usr/bin/env NAME` looked up in PATH. A name without a slash is looked up in PATH. What a
/// program opens while it runs (plug-ins, name service, data) is not found: name such files in the
/// case. Fails with User when there is no such program, with Environment when a library is missing.
thaw::Result<std::vector<std::filesystem::path>> closure(const std::filesystem::path& program);

/// The same paths as files of a guest, executable where they are here.
std::vector<GuestFile> guest_files(const std::vector<std::filesystem::path>& paths);

}  // namespace lab
