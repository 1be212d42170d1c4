#pragma once
// Kernels of one's own: from package files, a vmlinuz or a directory into the cache.

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "harness/provision/cache.h"
#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

/// Copies what `paths` hold into the cache, as provider "local" and, in `package`, the absolute
/// path it came from. All packages (.deb, .rpm, .pkg.tar.*) are taken together, so that a kernel
/// may be split over several. Nothing is added unless every path can be used: fails with User for a
/// path that is missing or holds no kernel, with Corrupt for a damaged package. A kernel of the
/// same release replaces the one added before. `progress` gets one sentence per kernel.
thaw::Result<std::vector<KernelRef>> add_local_kernels(
    const Cache& cache, const std::vector<std::filesystem::path>& paths,
    const std::function<void(std::string_view)>& progress);

}  // namespace lab
