#pragma once
// Read-only ext4 images. mke2fs fills them from a directory, so no loop device and no root is
// needed.

#include <filesystem>
#include <vector>

#include "harness/provision/initramfs.h"
#include "profiler/base/errors.h"

namespace lab {

/// Makes an image of everything below `tree`, as large as that needs. Fails with Environment.
thaw::Status make_disk(const std::filesystem::path& tree, const std::filesystem::path& disk);

/// An image with these files of the host at their places, kept below `cache` under the digest of
/// paths, sizes and times; a program that was built anew makes a new one. Fails with User when a
/// file is not there.
thaw::Result<std::filesystem::path> disk_of_files(const std::vector<GuestFile>& files,
                                                  const std::filesystem::path& cache);

/// What an initramfs of these files would add to a guest's memory, twice while it boots.
uintmax_t size_of(const std::vector<GuestFile>& files);

/// Removes images of `directory` that no run has used for a month.
void sweep_disks(const std::filesystem::path& directory);

}  // namespace lab
