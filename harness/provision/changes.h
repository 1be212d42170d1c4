#pragma once
// What the mirrors have now and did not have at the last look, and the other way round.

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

struct Changes {
  std::vector<KernelRef> arrived;
  std::vector<KernelRef> gone;
};

/// Package and version, which a kernel has before its release is known for certain.
bool is_same_package(const KernelRef& left, const KernelRef& right);

/// None when there is no such file, which is so at the first look, or it cannot be read.
std::optional<std::vector<KernelRef>> read_last_look(const std::filesystem::path& file);
thaw::Status write_last_look(const std::filesystem::path& file,
                             const std::vector<KernelRef>& kernels);

/// `was_asked` tells whether the mirror of a kernel answered this time: nothing is gone from one
/// that did not. Pure.
Changes changes_between(const std::vector<KernelRef>& before, const std::vector<KernelRef>& now,
                        const std::function<bool(const KernelRef&)>& was_asked);

}  // namespace lab
