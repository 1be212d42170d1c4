#pragma once
// The unpacked kernels on disk. images/README.md tells the layout.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/image.h"
#include "harness/provision/kernel.h"
#include "harness/provision/packages.h"
#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// A directory that is removed with everything in it, unless released.
class WorkDirectory {
 public:
  explicit WorkDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  WorkDirectory(WorkDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkDirectory& operator=(WorkDirectory&&) = delete;
  ~WorkDirectory();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Has no state but its path; may be used from several threads and processes at once. Whoever
/// publishes a kernel holds lock() with its name.
class Cache {
 public:
  /// Creates the directories and sweeps what killed processes left a day ago or earlier.
  static thaw::Result<Cache> open(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }

  /// Waits for others. Released when the descriptor is closed, also by death.
  thaw::Result<thaw::UniqueFd> lock(std::string_view name) const;

  /// An empty directory on the cache's file system.
  thaw::Result<WorkDirectory> make_work_directory() const;

  /// Every complete kernel; directories that cannot be read are left out.
  std::vector<PackagedKernel> list() const;

  /// The kernel, its image checked against its digest, and locked against remove(). None when it
  /// is not there; Corrupt when it is there and damaged.
  thaw::Result<std::optional<KernelImage>> find(const KernelRef& kernel) const;

  /// Makes `found`, whose files are all below `tree`, the cache's copy of `kernel`, replacing an
  /// older one. `tree` is moved. Lists modules and digests on the way.
  thaw::Result<KernelImage> publish(const PackagedKernel& kernel, const FoundKernel& found,
                                    const std::filesystem::path& tree) const;

  /// Removes the kernel; false when somebody uses it or it is pinned. Not to be called with a
  /// lock() of its name.
  thaw::Result<bool> remove(const KernelRef& kernel) const;

  /// Bytes of its files, when it was last used, and whether it is pinned.
  struct Usage {
    uint64_t bytes = 0;
    std::filesystem::file_time_type last_used;
    bool pinned = false;
  };
  Usage usage_of(const KernelRef& kernel) const;
  /// A pinned kernel is never removed here. Fails with User when it is not in the cache.
  thaw::Status pin(const KernelRef& kernel, bool pinned) const;

  static std::string name_of(const KernelRef& kernel);
  /// The kernel's directory, whether it is there or not.
  std::filesystem::path place_of(const KernelRef& kernel) const;

 private:
  explicit Cache(std::filesystem::path root) : root_(std::move(root)) {}

  std::filesystem::path root_;
};

/// Checks a file of a cached kernel's modules against SHA256SUMS. Kernels outside the cache have
/// none: nothing to check.
class ModuleSums {
 public:
  static thaw::Result<ModuleSums> of(const KernelImage& kernel);
  /// `path` is relative to `kernel.modules`.
  thaw::Status check(const std::string& path) const;

 private:
  std::filesystem::path modules_;
  std::string prefix_;  ///< of the modules' directory in SHA256SUMS
  std::optional<std::string> sums_;
};

}  // namespace lab
