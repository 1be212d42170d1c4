// Puts the parts together: sources and apt make the index, the index and the cache make the list,
// and fetch() takes a kernel from the cache or makes it: download, unpack, depmod, digests, rename.
// Each step is in a file of its own; what is here is their order, and what to do without a network.

#include "harness/provision/catalogue.h"

#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <set>

#include "harness/provision/apt.h"
#include "harness/provision/archive.h"
#include "harness/provision/cache.h"
#include "harness/provision/digest.h"
#include "harness/provision/image.h"
#include "harness/provision/index.h"
#include "harness/provision/local.h"
#include "harness/provision/pattern.h"
#include "harness/provision/sources.h"
#include "harness/provision/version.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::ErrorKind;
namespace fs = std::filesystem;

namespace {

// Security suites change a few times a month; a nightly run sees a new kernel the same night.
constexpr auto kIndexLife = std::chrono::hours(24);
// After a failed attempt: long enough not to wait for time-outs at every command of a session.
constexpr auto kRetryAfter = std::chrono::minutes(10);

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
  KernelIndex index;
  /// Why there is no index, or no new one.
  std::optional<thaw::Error> index_error;
  mutable std::mutex mutex;  ///< guards index and index_error

  std::string_view sources_text() const {
    return options.sources.empty() ? kKernelsToml : std::string_view(options.sources);
  }
  fs::path index_file() const { return cache.root() / "index/debian.json"; }
  fs::path failure_file() const { return cache.root() / "index/last-failure"; }
  void say(std::string_view words) const {
    if (options.progress) options.progress(words);
  }

  std::string complaint() const;
  std::string sources_digest() const;
  bool is_fresh(const KernelIndex& found) const;
  bool failed_lately() const;
  thaw::Result<Apt> open_apt() const;
  thaw::Status load();
  thaw::Status rebuild(bool even_if_fresh);
  std::optional<PackagedKernel> indexed(const KernelRef& kernel) const;
  thaw::Result<KernelImage> download(const PackagedKernel& kernel) const;
  thaw::Result<KernelImage> fetch_debian(const KernelRef& kernel);
  thaw::Result<KernelImage> fetch_local(const KernelRef& kernel) const;
};

std::string Catalogue::State::complaint() const {
  const std::lock_guard guard(mutex);
  if (!index_error) return "";
  return fmt::format("the list of Debian's kernels is {}: {}",
                     index.kernels.empty() ? "missing" : "old", index_error->message);
}

std::string Catalogue::State::sources_digest() const {
  std::string all(sources_text());
  for (const auto& [archive, uri] : options.mirrors) all += archive + uri;
  return sha256_of(all);
}

bool Catalogue::State::is_fresh(const KernelIndex& found) const {
  const auto age = std::chrono::system_clock::now() - found.made_at;
  return found.sources_sha256 == sources_digest() && age >= age.zero() && age < kIndexLife;
}

bool Catalogue::State::failed_lately() const {
  std::error_code missing;
  const auto when = fs::last_write_time(failure_file(), missing);
  return !missing && fs::file_time_type::clock::now() - when < kRetryAfter;
}

thaw::Result<Apt> Catalogue::State::open_apt() const {
  const Sources sources = TRY(parse_sources(sources_text()));
  const Mirrors mirrors = options.mirrors.empty() ? TRY(machine_mirrors()) : options.mirrors;
  return Apt::open(cache.root() / "apt", sources, mirrors);
}

/// Reads the index; makes it anew when it is out of date and that seems possible.
thaw::Status Catalogue::State::load() {
  if (auto found = read_index(index_file())) {
    index = std::move(*found);
    if (is_fresh(index)) return {};
  }
  if (!options.update) return {};
  if (failed_lately()) {
    const auto words = thaw::read_file(failure_file());
    return thaw::fail(ErrorKind::Transient, "{} (tried less than 10 minutes ago)",
                      words ? *words : "apt-get update failed");
  }
  return rebuild(false);
}

thaw::Status Catalogue::State::rebuild(bool even_if_fresh) {
  const thaw::UniqueFd lock = TRY(cache.lock("index"));
  // Another process may have made it while this one waited.
  if (auto found = read_index(index_file()); found && !even_if_fresh && is_fresh(*found)) {
    index = std::move(*found);
    return {};
  }
  say("reading Debian's package lists");
  const Apt apt = TRY(open_apt());
  const auto complaint = apt.update();
  if (!complaint) {
    static_cast<void>(thaw::write_file(failure_file(), complaint.error().message));
    return std::unexpected(complaint.error());
  }
  if (!complaint->empty()) say(*complaint);
  KernelIndex made{.kernels = TRY(read_lists(apt)),
                   .sources_sha256 = sources_digest(),
                   .made_at = std::chrono::system_clock::now()};
  TRY(write_index(index_file(), made));
  const std::lock_guard guard(mutex);
  index = std::move(made);
  return {};
}

std::optional<PackagedKernel> Catalogue::State::indexed(const KernelRef& kernel) const {
  const std::lock_guard guard(mutex);
  for (const PackagedKernel& known : index.kernels)
    if (same_kernel(known.ref, kernel)) return known;
  return std::nullopt;
}

thaw::Result<KernelImage> Catalogue::State::download(const PackagedKernel& kernel) const {
  const int64_t start_ns = thaw::monotonic_ns();
  say(fmt::format("downloading {} {} ({:.1f} MiB)", kernel.ref.package, kernel.ref.version,
                  mib(kernel.size_bytes())));
  const WorkDirectory packages = TRY(cache.make_work_directory());
  const WorkDirectory tree = TRY(cache.make_work_directory());
  const Apt apt = TRY(open_apt());
  for (const fs::path& deb : TRY(apt.download(kernel.packages, packages.path())))
    TRY(unpack_deb(deb, tree.path()));
  for (const FoundKernel& found : TRY(find_kernels(tree.path()))) {
    if (found.release != kernel.ref.release) continue;
    KernelImage image = TRY(cache.publish(kernel, found, tree.path()));
    say(fmt::format("fetched {}: {:.1f} MiB in {:.1f} s", kernel.ref.release,
                    mib(kernel.size_bytes()), seconds_since(start_ns)));
    return image;
  }
  return thaw::fail(ErrorKind::Environment, "{} {} holds no kernel image of release {}",
                    kernel.ref.package, kernel.ref.version, kernel.ref.release);
}

thaw::Result<KernelImage> Catalogue::State::fetch_debian(const KernelRef& kernel) {
  const thaw::UniqueFd lock = TRY(cache.lock(Cache::name_of(kernel)));
  auto cached = cache.find(kernel);
  if (cached && *cached) return std::move(**cached);

  auto known = indexed(kernel);
  auto image = known ? download(*known)
                     : thaw::Result<KernelImage>(thaw::fail(ErrorKind::Environment,
                                                            "no mirror has {} {} any more",
                                                            kernel.release, kernel.version));
  // The index may be older than the mirror: look again, once.
  if (!image && known && image.error().kind == ErrorKind::Transient && rebuild(true)) {
    known = indexed(kernel);
    if (known) image = download(*known);
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
  std::unique_ptr<State> state(new State{std::move(options), std::move(cache), {}, {}, {}});
  if (const thaw::Status loaded = state->load(); !loaded) {
    state->index_error = loaded.error();
    state->say(state->complaint());
  }
  return Catalogue(std::move(state));
}

std::string Catalogue::complaint() const {
  return state_->complaint();
}

thaw::Status Catalogue::refresh() {
  TRY(state_->rebuild(true));
  state_->index_error.reset();
  return {};
}

std::vector<KernelRef> Catalogue::list() const {
  std::vector<KernelRef> refs;
  std::set<std::string> seen;
  for (const PackagedKernel& cached : state_->cache.list()) {
    seen.insert(Cache::name_of(cached.ref));
    refs.push_back(cached.ref);
  }
  {
    const std::lock_guard guard(state_->mutex);
    for (const PackagedKernel& kernel : state_->index.kernels)
      if (seen.insert(Cache::name_of(kernel.ref)).second) refs.push_back(kernel.ref);
  }
  std::ranges::sort(refs, [](const KernelRef& left, const KernelRef& right) {
    if (left.provider != right.provider) return left.provider < right.provider;
    const auto order = left.version.empty() ? compare_versions(left.release, right.release)
                                            : compare_versions(left.version, right.version);
    return order != 0 ? order > 0 : left.release < right.release;
  });
  return refs;
}

thaw::Result<std::vector<KernelRef>> Catalogue::resolve(std::string_view pattern) const {
  auto refs = lab::resolve(pattern, list());
  if (!refs && refs.error().kind == ErrorKind::Environment && state_->index_error)
    refs.error().message += fmt::format("; the list of Debian's kernels could not be read: {}",
                                        state_->index_error->message);
  return refs;
}

thaw::Result<KernelImage> Catalogue::fetch(const KernelRef& kernel) const {
  auto image = kernel.provider == "running" ? running_image(kernel)
               : kernel.provider == "local" ? state_->fetch_local(kernel)
                                            : state_->fetch_debian(kernel);
  if (image || kernel.release.empty()) return image;
  return std::unexpected(with_context(image.error(), kernel.release));
}

thaw::Result<std::string> Catalogue::changelog(const KernelRef& kernel) const {
  const fs::path kept = state_->cache.root() / "changelogs" / (Cache::name_of(kernel) + ".gz");
  std::error_code missing;
  for (const fs::path& file : {state_->cache.place_of(kernel) / kChangelog, kept})
    if (fs::exists(file, missing)) return decompressed(file);
  const auto known = state_->indexed(kernel);
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
  const Apt apt = TRY(state_->open_apt());
  for (const fs::path& deb : TRY(apt.download(holders, packages.path())))
    TRY(unpack_deb(deb, tree.path()));
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
