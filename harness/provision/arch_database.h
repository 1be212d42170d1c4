#pragma once
// A database of Arch Linux: a compressed tar with one `desc` file per package.

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/provision/packages.h"
#include "harness/provision/repository.h"
#include "profiler/base/errors.h"

namespace lab {

/// One `desc`: %FILENAME%, %NAME%, %VERSION%, %CSIZE%, %SHA256SUM% and %PGPSIG%, each followed by
/// its value. None when it names no file, or no SHA-256 nor a signature to believe it by. Pure.
std::optional<PackageFile> read_desc(std::string_view desc);

/// The kernels among the packages: those that are named in the repository's `packages`.
thaw::Result<std::vector<PackagedKernel>> arch_kernels_in(const std::filesystem::path& database,
                                                          const Repository& repository);

}  // namespace lab
