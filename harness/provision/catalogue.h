#pragma once
// The kernels that can be had: Debian's packages, those of the user's repositories, those added by
// hand, this host's own; and the cache that holds what was fetched. README.md in images/ tells the
// layout of the cache.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/kernel.h"
#include "harness/provision/repository.h"
#include "profiler/base/errors.h"

namespace lab {

/// $XDG_CACHE_HOME/thaw, else ~/.cache/thaw.
std::filesystem::path default_cache_dir();

struct CatalogueOptions {
  std::filesystem::path cache = default_cache_dir();
  /// Called with one sentence per step ("downloading linux-image-… (48.1 MiB)"), from the thread
  /// that called open() or fetch(). Unset: silence.
  std::function<void(std::string_view)> progress;
  /// Which suites to read, as images/kernels.toml (compiled in) says; empty means that.
  std::string sources;
  /// Archive name of kernels.toml → URI. Empty: taken from this machine's own apt configuration.
  std::map<std::string, std::string> mirrors;
  /// The user's list of repositories (repository.h); nothing when there is no such file.
  std::filesystem::path repositories = default_repositories_file();
  /// False: takes the index as it is, however old, and asks no mirror in open().
  bool update = true;
};

/// Reads and fills the cache. Movable. All const functions may be called from several threads at
/// once, and several processes may share one cache.
class Catalogue {
 public:
  /// Reads the indexes of the cache. One that is missing or older than a day is made anew by its
  /// provider; without a network an old index serves, or what is cached. That some kernels are not
  /// known is no error here, as others may be all that is wanted: resolve() tells why. Fails with
  /// Environment when the cache cannot be used.
  static thaw::Result<Catalogue> open(CatalogueOptions options = {});

  Catalogue(Catalogue&&) noexcept;
  Catalogue& operator=(Catalogue&&) noexcept;
  ~Catalogue();

  /// Every kernel that can be had, by provider and newest first: flavours amd64, cloud-amd64 and
  /// rt-amd64 of Debian, those of repositories, local ones. Cached kernels stay listed after they
  /// have left the mirror.
  std::vector<KernelRef> list() const;

  /// resolve() of pattern.h over list(). When nothing fits and the provider's kernels are not
  /// known, says why, and fails with Corrupt when that is a wrong signature or digest.
  thaw::Result<std::vector<KernelRef>> resolve(std::string_view pattern) const;

  /// Downloads and unpacks what is not cached; cheap (one hash of the image) when it is. A cached
  /// kernel whose digest is wrong is fetched again, or refused with Corrupt when that is
  /// impossible. Fails with Environment when the kernel cannot be had.
  thaw::Result<KernelImage> fetch(const KernelRef& kernel) const;

  /// Why the mirrors' kernels are not known, or not as of today; empty when they are.
  std::string complaint() const;

  /// The kernels of the mirrors' lists alone, as of the last look that succeeded.
  std::vector<KernelRef> offered() const;

  /// Whether the list that a kernel would be in was read at the last attempt.
  bool is_up_to_date(const KernelRef& kernel) const;

  /// Makes all indexes anew now, each as far as possible. Fails with the first failure.
  thaw::Status refresh();

  /// SHA-256 of each package of a kernel, by file name without version; empty for local kernels,
  /// and where the index has another digest and the kernel is not cached.
  std::map<std::string, std::string> packages_of(const KernelRef& kernel) const;

  /// The changelog of a Debian kernel, as its package holds it; downloads the package when the
  /// cached kernel was unpacked without. Fails with Environment when it cannot be had.
  thaw::Result<std::string> changelog(const KernelRef& kernel) const;

  /// Copies kernels of one's own into the cache as provider "local": packages (together, so that
  /// a kernel may be split over several), a vmlinuz, or a directory that holds some. A kernel of
  /// the same release replaces the one added before. local.h says how it fails.
  thaw::Result<std::vector<KernelRef>> add(const std::vector<std::filesystem::path>& paths) const;

 private:
  struct State;
  explicit Catalogue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lab
