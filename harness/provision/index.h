#pragma once
// What the mirrors have, as of the last look: the kernels in apt's lists, kept as one small JSON so
// that a start costs milliseconds and not the reading of 160 MB.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/provision/apt.h"
#include "harness/provision/packages.h"
#include "profiler/base/errors.h"

namespace lab {

struct KernelIndex {
  std::vector<PackagedKernel> kernels;
  std::string sources_sha256;  ///< of what it was made from; another one makes it out of date
  std::chrono::system_clock::time_point made_at;
};

/// None when there is none, or none that this version can read.
std::optional<KernelIndex> read_index(const std::filesystem::path& file);

thaw::Status write_index(const std::filesystem::path& file, const KernelIndex& index);

/// Reads the lists that `apt` has now. A kernel that several suites hold in the same version is
/// named once, with the first suite.
thaw::Result<std::vector<PackagedKernel>> read_lists(const Apt& apt);

}  // namespace lab
