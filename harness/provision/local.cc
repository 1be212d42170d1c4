// Collects first, publishes last: every path is unpacked or looked at before the first kernel gets
// its name in the cache, so that a damaged file among good ones changes nothing.
//
// One tree of packages may hold several kernels, but a place in the cache holds one: each kernel's
// own files are copied into a tree of its own, laid out as Debian has it. Only regular files are
// copied; lib/modules/RELEASE/build and source are links into somebody's disk.

#include "harness/provision/local.h"

#include <optional>
#include <set>

#include "harness/provision/archive.h"
#include "harness/provision/image.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

struct Source {
  FoundKernel found;
  fs::path origin;  ///< what the user named
};

thaw::Result<fs::path> copied(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot copy {} to {}: {}", from.string(),
                      to.string(), error.message());
  return to;
}

thaw::Status copy_modules(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->is_regular_file() && !entry->is_symlink())
      TRY(copied(entry->path(), to / entry->path().lexically_relative(from)));
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot copy {}: {}", from.string(), error.message());
  return {};
}

/// The kernel's own files below `tree`.
thaw::Result<FoundKernel> copy_kernel(const FoundKernel& found, const fs::path& tree) {
  FoundKernel copy{.release = found.release};
  copy.vmlinuz = TRY(copied(found.vmlinuz, tree / "boot" / ("vmlinuz-" + found.release)));
  if (!found.config.empty())
    copy.config = TRY(copied(found.config, tree / "boot" / ("config-" + found.release)));
  if (!found.modules.empty()) {
    copy.modules = tree / "lib/modules" / found.release;
    TRY(copy_modules(found.modules, copy.modules));
  }
  return copy;
}

bool is_package(const fs::path& path) {
  return is_package_name(path.filename().string());
}

thaw::Status check_paths(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error))
      return thaw::fail(ErrorKind::User, "there is no {}", path.string());
  }
  return {};
}

/// Unpacks all packages into `tree`. A kernel's origin is the package that brought its image.
thaw::Status collect_packages(const std::vector<fs::path>& paths, const fs::path& tree,
                              std::vector<Source>& sources) {
  std::set<std::string> releases;
  fs::path first;
  for (const fs::path& path : paths) {
    if (!is_package(path)) continue;
    if (first.empty()) first = path;
    TRY(unpack_package(path, tree));
    for (const FoundKernel& found : TRY(find_kernels(tree)))
      if (releases.insert(found.release).second) sources.push_back({found, path});
  }
  if (!first.empty() && releases.empty())
    return thaw::fail(ErrorKind::User, "{} holds no kernel image; name all packages of the kernel",
                      first.string());
  // A later package may have brought what an earlier one's image belongs to.
  for (const FoundKernel& found : TRY(find_kernels(tree)))
    for (Source& source : sources)
      if (source.found.release == found.release) source.found = found;
  return {};
}

thaw::Status collect_others(const std::vector<fs::path>& paths, std::vector<Source>& sources) {
  for (const fs::path& path : paths) {
    if (is_package(path)) continue;
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      sources.push_back({TRY(find_kernel(path)), path});
      continue;
    }
    const std::vector<FoundKernel> kernels = TRY(find_kernels(path));
    if (kernels.empty())
      return thaw::fail(ErrorKind::User,
                        "{} holds no vmlinuz or bzImage; for packages, name the files",
                        path.string());
    for (const FoundKernel& found : kernels) sources.push_back({found, path});
  }
  return {};
}

thaw::Result<KernelRef> publish(const Cache& cache, const Source& source) {
  PackagedKernel kernel;
  kernel.ref = {.provider = "local",
                .release = source.found.release,
                .package = fs::absolute(source.origin).lexically_normal().string()};
  const WorkDirectory tree = TRY(cache.make_work_directory());
  const FoundKernel copy = TRY(copy_kernel(source.found, tree.path()));
  const thaw::UniqueFd lock = TRY(cache.lock(Cache::name_of(kernel.ref)));
  return TRY(cache.publish(kernel, copy, tree.path())).ref;
}

}  // namespace

thaw::Result<std::vector<KernelRef>> add_local_kernels(
    const Cache& cache, const std::vector<fs::path>& paths,
    const std::function<void(std::string_view)>& progress) {
  TRY(check_paths(paths));
  const WorkDirectory tree = TRY(cache.make_work_directory());
  std::vector<Source> sources;
  TRY(collect_packages(paths, tree.path(), sources));
  TRY(collect_others(paths, sources));
  std::vector<KernelRef> added;
  for (const Source& source : sources) {
    if (progress) progress(fmt::format("adding {}", source.found.release));
    added.push_back(TRY(publish(cache, source)));
  }
  return added;
}

}  // namespace lab
