#pragma once
// The seam behind which all distributions look alike: an index of kernels, and the files of one.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/cache.h"
#include "harness/provision/packages.h"
#include "harness/provision/repository.h"
#include "harness/provision/sources.h"
#include "profiler/base/errors.h"

namespace lab {

/// Where kernels come from. Knows nothing of the cache's kernels or of time: Shelf decides when to
/// ask. Whoever verifies what is the provider's business; what it returns is to be believed.
///
/// read() is called by one thread and process at a time; unpack() by several.
class Provider {
 public:
  virtual ~Provider() = default;

  /// The word of patterns: "debian", "fedora".
  virtual const std::string& name() const = 0;
  /// Which of the provider's repositories this is; empty for Debian, where one apt reads all.
  virtual const std::string& suite() const = 0;
  /// For sentences: "Debian's kernels", "the kernels of fedora updates".
  virtual std::string title() const = 0;
  /// Another one makes an index out of date.
  virtual std::string digest() const = 0;

  /// The kernels of the mirror now. `note` gets a sentence about what is not complete and yet no
  /// error. Fails with Transient when the mirror cannot be reached, with Corrupt when its
  /// signature or a digest is wrong.
  virtual thaw::Result<std::vector<PackagedKernel>> read(
      const std::function<void(std::string_view)>& note) const = 0;

  /// Downloads `packages` into the empty directory `files`, verifies each, and unpacks what a
  /// kernel is made of into `tree`. Fails as read() does.
  virtual thaw::Status unpack(const std::vector<PackageFile>& packages,
                              const std::filesystem::path& files,
                              const std::filesystem::path& tree) const = 0;
};

/// Debian's, through apt. `mirrors` empty: those of this machine.
std::unique_ptr<Provider> make_debian_provider(Cache cache, std::string sources_toml,
                                               Mirrors mirrors);

/// The provider of one repository of the user's.
std::unique_ptr<Provider> make_provider(Cache cache, Repository repository);

}  // namespace lab
