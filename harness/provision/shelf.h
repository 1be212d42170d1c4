#pragma once
// One provider and what it had at the last look.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/cache.h"
#include "harness/provision/index.h"
#include "harness/provision/provider.h"

namespace lab {

/// Keeps a provider's index in the cache, and asks the provider when that is a day old. All const
/// functions may be called from several threads; several processes may share the cache.
class Shelf {
 public:
  using Say = std::function<void(std::string_view)>;

  Shelf(Cache cache, std::unique_ptr<Provider> provider, Say say);

  const Provider& provider() const { return *provider_; }

  /// Reads the index; makes it anew when it is out of date, `update` is set and no attempt failed
  /// in the last ten minutes. What goes wrong is no error but the shelf's trouble().
  void load(bool update);

  /// Makes the index anew, unless another process has just done so and `even_if_fresh` is unset.
  /// What goes wrong becomes the trouble() too; success ends it.
  thaw::Status rebuild(bool even_if_fresh);

  /// Why the kernels are not known, or not as of today; none when they are.
  std::optional<thaw::Error> trouble() const;
  /// The same as a sentence; empty when all is well.
  std::string complaint() const;

  std::vector<PackagedKernel> kernels() const;

 private:
  std::filesystem::path index_file() const;
  std::filesystem::path failure_file() const;
  bool is_fresh(const KernelIndex& index) const;
  bool failed_lately() const;
  thaw::Status load_index(bool update);
  thaw::Status make_index();
  void set_trouble(std::optional<thaw::Error> error);

  Cache cache_;
  std::unique_ptr<Provider> provider_;
  Say say_;
  mutable std::mutex mutex_;  ///< guards what follows
  KernelIndex index_;
  std::optional<thaw::Error> trouble_;
};

}  // namespace lab
