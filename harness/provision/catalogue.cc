// Puts the parts together: the shelves' indexes and the cache make the list, and fetch() takes a
// kernel from the cache or makes it: download, unpack, depmod, digests, rename. Each step is in a
// file of its own; what is here is their order, and what to do without a network.

#include "harness/provision/catalogue.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "harness/provision/archive.h"
#include "harness/provision/cache.h"
#include "harness/provision/digest.h"
#include "harness/provision/image.h"
#include "harness/provision/local.h"
#include "harness/provision/pattern.h"
#include "harness/provision/shelf.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::ErrorKind;
namespace fs = std::filesystem;

namespace {

double mib(uint64_t bytes) {
  return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

double seconds_since(int64_t start_ns) {
  return static_cast<double>(thaw::monotonic_ns() - start_ns) / 1e9;
}

bool same_kernel(const KernelRef& left, const KernelRef& right) {
  return left.provider == right.provider && left.release == right.release &&
         left.version == right.version;
}

/// What a kernel is before and after its release is known for certain.
std::string package_of(const KernelRef& kernel) {
  return fmt::format("{} {} {}", kernel.provider, kernel.package, kernel.version);
}

/// A kernel used where it is, outside the cache.
thaw::Result<KernelImage> image_in_place(const KernelRef& ref, const FoundKernel& found) {
  KernelImage image{.ref = ref,
                    .vmlinuz = found.vmlinuz,
                    .config = found.config,
                    .modules = found.modules,
                    .sha256 = TRY(sha256_of_file(found.vmlinuz))};
  image.ref.release = found.release;
  image.ref.cached = true;
  return image;
}

thaw::Result<KernelImage> running_image(const KernelRef& ref) {
  utsname host{};
  ::uname(&host);
  const std::string release = host.release;
  for (const fs::path& file :
       {fs::path("/boot/vmlinuz-" + release), fs::path("/lib/modules") / release / "vmlinuz"}) {
    std::error_code missing;
    if (!fs::exists(file, missing)) continue;
    FoundKernel found{.release = TRY(release_of(file)), .vmlinuz = file};
    const fs::path modules = fs::path("/lib/modules") / release;
    if (fs::exists(modules, missing)) found.modules = modules;
    const fs::path config = "/boot/config-" + release;
    if (fs::exists(config, missing)) found.config = config;
    if (found.release != release)
      return thaw::fail(ErrorKind::Environment, "{} is {} and not the running {}", file.string(),
                        found.release, release);
    KernelImage image = TRY(image_in_place(ref, found));
    image.ref.package = file.string();
    return image;
  }
  return thaw::fail(ErrorKind::Environment,
                    "the running kernel {} has no image in /boot or /lib/modules; name its vmlinuz "
                    "with local:PATH",
                    release);
}

}  // namespace

fs::path default_cache_dir() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "thaw";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "") / ".cache/thaw";
}

struct Catalogue::State {
  CatalogueOptions options;
  Cache cache;
  std::vector<std::unique_ptr<Shelf>> shelves;  ///< Debian's first
  std::optional<thaw::Error> repositories_error;

  void say(std::string_view words) const {
    if (options.progress) options.progress(words);
  }

  void add_shelf(std::unique_ptr<Provider> provider);
  thaw::Status add_repositories();
  Shelf* shelf_of(const KernelRef& kernel) const;
  std::optional<PackagedKernel> indexed(const KernelRef& kernel) const;
  std::optional<KernelRef> cached_package(const KernelRef& kernel) const;
  std::optional<thaw::Error> trouble_with(std::string_view provider) const;
  thaw::Result<KernelImage> download(const Provider& provider, const PackagedKernel& kernel) const;
  thaw::Result<KernelImage> fetch_packaged(const KernelRef& kernel);
  thaw::Result<KernelImage> fetch_local(const KernelRef& kernel) const;
};

void Catalogue::State::add_shelf(std::unique_ptr<Provider> provider) {
  shelves.push_back(std::make_unique<Shelf>(cache, std::move(provider),
                                            [this](std::string_view words) { say(words); }));
  shelves.back()->load(options.update);
}

/// Reads the user's list of repositories, where there is one.
thaw::Status Catalogue::State::add_repositories() {
  std::error_code missing;
  const fs::path& file = options.repositories;
  if (file.empty() || !fs::exists(file, missing)) return {};
  for (Repository& repository : TRY(parse_repositories(TRY(thaw::read_file(file)), file.string())))
    add_shelf(make_provider(cache, std::move(repository)));
  return {};
}

Shelf* Catalogue::State::shelf_of(const KernelRef& kernel) const {
  for (const auto& shelf : shelves) {
    const Provider& provider = shelf->provider();
    if (provider.name() == kernel.provider &&
        (provider.suite().empty() || provider.suite() == kernel.suite))
      return shelf.get();
  }
  return nullptr;
}

std::optional<PackagedKernel> Catalogue::State::indexed(const KernelRef& kernel) const {
  const Shelf* shelf = shelf_of(kernel);
  if (shelf == nullptr) return std::nullopt;
  for (PackagedKernel& known : shelf->kernels()) {
    if (same_kernel(known.ref, kernel)) return std::move(known);
    // Fetched before: it has its real release now, which the index can only guess.
    if (known.ref.order != VersionOrder::Debian && package_of(known.ref) == package_of(kernel))
      return std::move(known);
  }
  return std::nullopt;
}

/// The cached kernel of the same package, whose release may have turned out to be another.
std::optional<KernelRef> Catalogue::State::cached_package(const KernelRef& kernel) const {
  if (kernel.order == VersionOrder::Debian && kernel.provider == "debian") return std::nullopt;
  for (const PackagedKernel& cached : cache.list())
    if (package_of(cached.ref) == package_of(kernel)) return cached.ref;
  return std::nullopt;
}

/// Why kernels of a provider may be missing; empty means Debian's, as patterns do.
std::optional<thaw::Error> Catalogue::State::trouble_with(std::string_view provider) const {
  for (const auto& shelf : shelves)
    if (shelf->provider().name() == (provider.empty() ? "debian" : provider))
      if (auto error = shelf->trouble())
        return with_context(
            *error, fmt::format("the list of {} could not be read", shelf->provider().title()));
  if (!provider.empty() && repositories_error) return repositories_error;
  return std::nullopt;
}

thaw::Result<KernelImage> Catalogue::State::download(const Provider& provider,
                                                     const PackagedKernel& kernel) const {
  const int64_t start_ns = thaw::monotonic_ns();
  const uint64_t bytes = kernel.size_bytes();
  say(fmt::format("downloading {} {}{}", kernel.ref.package, kernel.ref.version,
                  bytes == 0 ? "" : fmt::format(" ({:.1f} MiB)", mib(bytes))));
  const WorkDirectory packages = TRY(cache.make_work_directory());
  const WorkDirectory tree = TRY(cache.make_work_directory());
  TRY(provider.unpack(kernel.packages, packages.path(), tree.path()));
  const std::vector<FoundKernel> all = TRY(find_kernels(tree.path()));
  for (const FoundKernel& found : all) {
    // Elsewhere the package's name is only a hint, and its image says which release it is.
    const bool is_it =
        found.release == kernel.ref.release || (provider.name() != "debian" && all.size() == 1);
    if (!is_it) continue;
    KernelImage image = TRY(cache.publish(kernel, found, tree.path()));
    say(fmt::format("fetched {}: {:.1f} MiB in {:.1f} s", found.release, mib(bytes),
                    seconds_since(start_ns)));
    return image;
  }
  return thaw::fail(ErrorKind::Environment, "{} {} holds no kernel image of release {}",
                    kernel.ref.package, kernel.ref.version, kernel.ref.release);
}

thaw::Result<KernelImage> Catalogue::State::fetch_packaged(const KernelRef& kernel) {
  const thaw::UniqueFd lock = TRY(cache.lock(Cache::name_of(kernel)));
  auto cached = cache.find(cached_package(kernel).value_or(kernel));
  if (cached && *cached) return std::move(**cached);

  Shelf* shelf = shelf_of(kernel);
  auto known = indexed(kernel);
  auto image = known ? download(shelf->provider(), *known)
                     : thaw::Result<KernelImage>(thaw::fail(ErrorKind::Environment,
                                                            "no mirror has {} {} any more",
                                                            kernel.release, kernel.version));
  // The index may be older than the mirror: look again, once.
  if (!image && known && image.error().kind == ErrorKind::Transient && shelf->rebuild(true)) {
    known = indexed(kernel);
    if (known) image = download(shelf->provider(), *known);
  }
  if (image || cached) return image;
  return thaw::fail(ErrorKind::Corrupt, "{}; it cannot be fetched again: {}",
                    cached.error().message, image.error().message);
}

thaw::Result<KernelImage> Catalogue::State::fetch_local(const KernelRef& kernel) const {
  if (!kernel.release.empty()) {
    const thaw::UniqueFd lock = TRY(cache.lock(Cache::name_of(kernel)));
    if (auto cached = TRY(cache.find(kernel)); cached && cached->ref.package == kernel.package)
      return std::move(*cached);
  }
  return image_in_place(kernel, TRY(find_kernel(kernel.package)));
}

Catalogue::Catalogue(std::unique_ptr<State> state) : state_(std::move(state)) {}
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;
Catalogue::~Catalogue() = default;

thaw::Result<Catalogue> Catalogue::open(CatalogueOptions options) {
  Cache cache = TRY(Cache::open(options.cache));
  std::unique_ptr<State> state(new State{std::move(options), std::move(cache), {}, {}});
  const CatalogueOptions& given = state->options;
  state->add_shelf(make_debian_provider(
      state->cache, given.sources.empty() ? std::string(kKernelsToml) : given.sources,
      given.mirrors));
  if (const thaw::Status added = state->add_repositories(); !added) {
    state->repositories_error = added.error();
    state->say(added.error().message);
  }
  return Catalogue(std::move(state));
}

std::string Catalogue::complaint() const {
  std::string all;
  const auto add = [&](const std::string& words) {
    if (!words.empty()) all += (all.empty() ? "" : "; ") + words;
  };
  for (const auto& shelf : state_->shelves) add(shelf->complaint());
  if (state_->repositories_error) add(state_->repositories_error->message);
  return all;
}

thaw::Status Catalogue::refresh() {
  thaw::Status all;
  for (const auto& shelf : state_->shelves)
    if (const thaw::Status rebuilt = shelf->rebuild(true); !rebuilt && all)
      all = std::unexpected(rebuilt.error());
  return all;
}

std::vector<KernelRef> Catalogue::offered() const {
  std::vector<KernelRef> refs;
  for (const auto& shelf : state_->shelves)
    for (PackagedKernel& kernel : shelf->kernels()) refs.push_back(std::move(kernel.ref));
  return refs;
}

bool Catalogue::is_up_to_date(const KernelRef& kernel) const {
  const Shelf* shelf = state_->shelf_of(kernel);
  return shelf != nullptr && !shelf->trouble();
}

std::vector<KernelRef> Catalogue::list() const {
  std::vector<KernelRef> refs;
  std::set<std::string> seen;
  std::set<std::string> packages;
  for (const PackagedKernel& cached : state_->cache.list()) {
    seen.insert(Cache::name_of(cached.ref));
    if (cached.ref.provider != "debian") packages.insert(package_of(cached.ref));
    refs.push_back(cached.ref);
  }
  for (const auto& shelf : state_->shelves)
    for (const PackagedKernel& kernel : shelf->kernels())
      if (!packages.contains(package_of(kernel.ref)) &&
          seen.insert(Cache::name_of(kernel.ref)).second)
        refs.push_back(kernel.ref);
  std::ranges::sort(refs, [](const KernelRef& left, const KernelRef& right) {
    return left.provider != right.provider ? left.provider < right.provider : is_newer(left, right);
  });
  return refs;
}

thaw::Result<std::vector<KernelRef>> Catalogue::resolve(std::string_view pattern) const {
  const std::vector<KernelRef> all = list();
  auto refs = lab::resolve(pattern, all);
  if (refs || refs.error().kind != ErrorKind::Environment) return refs;
  const std::string provider = provider_of(pattern);
  const auto trouble = state_->trouble_with(provider);
  if (!trouble) return refs;
  const bool knows_some = provider.empty() || provider == "debian" ||
                          std::ranges::any_of(all, [&](const KernelRef& kernel) {
                            return kernel.provider == provider;
                          });
  // Nothing near it can be named, and a repository need not be added: it is there.
  if (knows_some)
    refs.error().message += "; " + trouble->message;
  else
    refs.error().message =
        fmt::format("cannot tell what \"{}\" means: {}", pattern, trouble->message);
  // What is damaged or written wrongly is no fault of the network's.
  refs.error().kind =
      trouble->kind == ErrorKind::Transient ? ErrorKind::Environment : trouble->kind;
  return refs;
}

thaw::Result<KernelImage> Catalogue::fetch(const KernelRef& kernel) const {
  auto image = kernel.provider == "running" ? running_image(kernel)
               : kernel.provider == "local" ? state_->fetch_local(kernel)
                                            : state_->fetch_packaged(kernel);
  if (image || kernel.release.empty()) return image;
  return std::unexpected(with_context(image.error(), kernel.release));
}

thaw::Result<std::string> Catalogue::changelog(const KernelRef& kernel) const {
  const fs::path kept = state_->cache.root() / "changelogs" / (Cache::name_of(kernel) + ".gz");
  std::error_code missing;
  for (const fs::path& file : {state_->cache.place_of(kernel) / kChangelog, kept})
    if (fs::exists(file, missing)) return decompressed(file);
  const auto known = kernel.provider == "debian" ? state_->indexed(kernel) : std::nullopt;
  if (!known)
    return thaw::fail(ErrorKind::Environment, "no mirror has {} {} any more", kernel.release,
                      kernel.version);
  // The package that holds it: linux-base-* where a kernel is split, else the only one.
  std::vector<PackageFile> holders = known->packages;
  std::erase_if(holders, [&](const PackageFile& file) {
    return known->packages.size() > 1 && !file.name.starts_with("linux-base-");
  });
  if (holders.empty())
    return thaw::fail(ErrorKind::Environment, "no mirror has the package with {}'s changelog",
                      kernel.release);
  state_->say(fmt::format("downloading {} for its changelog", holders.front().name));
  const WorkDirectory packages = TRY(state_->cache.make_work_directory());
  const WorkDirectory tree = TRY(state_->cache.make_work_directory());
  TRY(state_->shelf_of(kernel)->provider().unpack(holders, packages.path(), tree.path()));
  if (!fs::exists(tree.path() / kChangelog, missing))
    return thaw::fail(ErrorKind::Environment, "the packages of {} {} hold no changelog",
                      kernel.release, kernel.version);
  fs::create_directories(kept.parent_path(), missing);
  fs::rename(tree.path() / kChangelog, kept, missing);
  return decompressed(kept);
}

std::map<std::string, std::string> Catalogue::packages_of(const KernelRef& kernel) const {
  std::map<std::string, std::string> digests;
  std::vector<PackagedKernel> known = state_->cache.list();
  if (auto indexed = state_->indexed(kernel)) known.push_back(std::move(*indexed));
  for (const PackagedKernel& candidate : known)
    if (same_kernel(candidate.ref, kernel))
      for (const PackageFile& file : candidate.packages) digests[file.name] = file.sha256;
  return digests;
}

thaw::Result<std::vector<KernelRef>> Catalogue::add(const std::vector<fs::path>& paths) const {
  return add_local_kernels(state_->cache, paths, state_->options.progress);
}

}  // namespace lab
