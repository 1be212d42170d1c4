#pragma once
// Finds kernels in directories, whatever tree they are in: a package, an installed system, a build.

#include <filesystem>
#include <string>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

struct FoundKernel {
  std::string release;  ///< read from the image itself
  std::filesystem::path vmlinuz;
  std::filesystem::path config;   ///< empty when there is none
  std::filesystem::path modules;  ///< empty when there is none
};

/// The release inside a bzImage, what `uname -r` will say. Fails with User when it is not one,
/// with Corrupt when the file is shorter than its header says.
thaw::Result<std::string> release_of(const std::filesystem::path& vmlinuz);

/// All kernels in `directory`: vmlinuz* or bzImage in it, in boot/, in [usr/]lib/modules/RELEASE/
/// or in arch/x86/boot/; one per release, by name. None is not an error; an image that cannot be
/// read is.
thaw::Result<std::vector<FoundKernel>> find_kernels(const std::filesystem::path& directory);

/// The kernel that a path of the user's means: a bzImage, or a directory that holds exactly one.
thaw::Result<FoundKernel> find_kernel(const std::filesystem::path& path);

/// Lists what depends on what in `root`/lib/modules/`release`, with kmod's depmod.
thaw::Status run_depmod(const std::filesystem::path& root, const std::string& release);

}  // namespace lab
