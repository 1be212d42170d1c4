// One directory per kernel, complete from the moment it has its name: made in a work directory on
// the same file system, described by kernel.json and SHA256SUMS, then renamed. Nobody needs a
// lock to see it whole; writers of the same kernel take turns with flock, which a killed process
// gives up.
//
// A kernel's own lock is on its kernel.json: readers share it while they use the files, remove()
// must have it alone. Its modification time says when the kernel was last used.

#include "harness/provision/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "harness/provision/digest.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using nlohmann::json;
using thaw::ErrorKind;
namespace fs = std::filesystem;

constexpr int kSchema = 1;
constexpr std::string_view kWorkPrefix = ".work-";
constexpr const char* kPinned = "pinned";

std::unexpected<thaw::Error> cannot(std::string_view verb, const fs::path& path,
                                    const std::error_code& error) {
  return thaw::fail(ErrorKind::Environment, "cannot {} {}: {}", verb, path.string(),
                    error.message());
}

thaw::Status make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return cannot("create", path, error);
  return {};
}

void sweep(const fs::path& kernels) {
  std::error_code ignored;
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (const auto& entry : fs::directory_iterator(kernels, ignored))
    if (entry.path().filename().string().starts_with(kWorkPrefix) &&
        entry.last_write_time(ignored) < yesterday)
      fs::remove_all(entry.path(), ignored);
}

/// "digest  path" of every file below `tree`, as sha256sum prints them.
thaw::Result<std::string> sums_of(const fs::path& tree) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(tree))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::ranges::sort(files);
  std::string text;
  for (const fs::path& file : files)
    text +=
        fmt::format("{}  {}\n", TRY(sha256_of_file(file)), file.lexically_relative(tree).string());
  return text;
}

std::string below_tree(const fs::path& file, const fs::path& tree) {
  return file.empty() ? "" : file.lexically_relative(tree).string();
}

json description(const PackagedKernel& kernel, const FoundKernel& found, const fs::path& tree,
                 const std::string& sha256) {
  json packages = json::array();
  for (const PackageFile& file : kernel.packages)
    packages.push_back({{"name", file.name}, {"version", file.version}, {"sha256", file.sha256}});
  return {{"schema", kSchema},
          {"provider", kernel.ref.provider},
          {"release", found.release},
          {"package", kernel.ref.package},
          {"version", kernel.ref.version},
          {"suite", kernel.ref.suite},
          {"order", name_of(kernel.ref.order)},
          {"packages", packages},
          {"vmlinuz", below_tree(found.vmlinuz, tree)},
          {"config", below_tree(found.config, tree)},
          {"modules", below_tree(found.modules, tree)},
          {"sha256", sha256}};
}

struct Described {
  PackagedKernel kernel;
  KernelImage image;
};

std::string text_of(const json& object, const char* name) {
  const auto value = object.find(name);
  return value != object.end() && value->is_string() ? value->get<std::string>() : "";
}

std::optional<Described> read_description(const fs::path& place) {
  const auto text = thaw::read_file(place / "kernel.json");
  if (!text) return std::nullopt;
  const json object = json::parse(*text, nullptr, false);
  if (!object.is_object() || object.value("schema", 0) != kSchema) return std::nullopt;
  Described read;
  read.kernel.ref = {.provider = text_of(object, "provider"),
                     .release = text_of(object, "release"),
                     .package = text_of(object, "package"),
                     .version = text_of(object, "version"),
                     .suite = text_of(object, "suite"),
                     .cached = true,
                     .order = version_order(text_of(object, "order"))};
  for (const json& file : object.value("packages", json::array()))
    read.kernel.packages.push_back(
        {text_of(file, "name"), text_of(file, "version"), text_of(file, "sha256"), 0});
  const auto below = [&](const char* name) {
    const std::string path = text_of(object, name);
    return path.empty() ? fs::path() : place / path;
  };
  read.image = {.ref = read.kernel.ref,
                .vmlinuz = below("vmlinuz"),
                .config = below("config"),
                .modules = below("modules"),
                .sha256 = text_of(object, "sha256")};
  if (read.image.vmlinuz.empty() || read.image.sha256.empty()) return std::nullopt;
  return read;
}

}  // namespace

WorkDirectory::~WorkDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

thaw::Result<Cache> Cache::open(const fs::path& root) {
  if (!root.is_absolute())
    return thaw::fail(ErrorKind::Environment,
                      "the cache needs an absolute path, not \"{}\"; set HOME or XDG_CACHE_HOME",
                      root.string());
  TRY(make_directories(root / "kernels"));
  TRY(make_directories(root / "index"));
  TRY(make_directories(root / "locks"));
  sweep(root / "kernels");
  return Cache(root);
}

thaw::Result<thaw::UniqueFd> Cache::lock(std::string_view name) const {
  const fs::path file = root_ / "locks" / name;
  thaw::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.is_valid()) return thaw::fail_errno(errno, fmt::format("cannot open {}", file.string()));
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR)
      return thaw::fail_errno(errno, fmt::format("cannot lock {}", file.string()));
  return fd;
}

thaw::Result<WorkDirectory> Cache::make_work_directory() const {
  std::string name = (root_ / "kernels" / fmt::format("{}XXXXXX", kWorkPrefix)).string();
  if (::mkdtemp(name.data()) == nullptr)
    return thaw::fail_errno(errno, fmt::format("cannot create {}", name));
  // mkdtemp makes 0700; the kernel in it shall be readable like any other file of the cache.
  std::error_code ignored;
  fs::permissions(name, fs::perms(0755), ignored);
  return WorkDirectory(name);
}

std::string Cache::name_of(const KernelRef& kernel) {
  if (kernel.version.empty()) return fmt::format("{}-{}", kernel.provider, kernel.release);
  return fmt::format("{}-{}_{}", kernel.provider, kernel.release, kernel.version);
}

fs::path Cache::place_of(const KernelRef& kernel) const {
  return root_ / "kernels" / kernel.provider / name_of(kernel).substr(kernel.provider.size() + 1);
}

std::vector<PackagedKernel> Cache::list() const {
  std::vector<PackagedKernel> kernels;
  std::error_code missing;
  for (const auto& provider : fs::directory_iterator(root_ / "kernels", missing)) {
    if (provider.path().filename().string().starts_with(kWorkPrefix)) continue;
    for (const auto& entry : fs::directory_iterator(provider.path(), missing))
      if (auto read = read_description(entry.path())) kernels.push_back(std::move(read->kernel));
  }
  return kernels;
}

namespace {

/// The kernel.json at `place`, locked; none when it is not there, or is removed or replaced while
/// this waits.
std::shared_ptr<const thaw::UniqueFd> lock_description(const fs::path& place, int how) {
  const fs::path file = place / "kernel.json";
  // Not for writing: a cache may belong to somebody else.
  auto fd = std::make_shared<thaw::UniqueFd>(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd->is_valid()) return nullptr;
  while (::flock(fd->get(), how) != 0)
    if (errno != EINTR) return nullptr;
  struct stat locked {
  }, named{};
  if (::fstat(fd->get(), &locked) != 0 || ::stat(file.c_str(), &named) != 0 ||
      locked.st_ino != named.st_ino)
    return nullptr;
  return fd;
}

}  // namespace

thaw::Result<std::optional<KernelImage>> Cache::find(const KernelRef& kernel) const {
  const fs::path place = place_of(kernel);
  std::error_code missing;
  if (!fs::exists(place, missing)) return std::nullopt;
  const auto in_use = lock_description(place, LOCK_SH);
  if (!in_use && !fs::exists(place, missing)) return std::nullopt;
  auto read = read_description(place);
  if (!read)
    return thaw::fail(ErrorKind::Corrupt, "{} is damaged: its kernel.json cannot be read",
                      place.string());
  const auto sha256 = sha256_of_file(read->image.vmlinuz);
  if (!sha256)
    return thaw::fail(ErrorKind::Corrupt, "{} is damaged: {}", place.string(),
                      sha256.error().message);
  if (*sha256 != read->image.sha256)
    return thaw::fail(ErrorKind::Corrupt, "{} is damaged: SHA-256 {} instead of {}",
                      read->image.vmlinuz.string(), *sha256, read->image.sha256);
  if (in_use) ::futimens(in_use->get(), nullptr);  // fails in somebody else's cache: never mind
  read->image.in_use = in_use;
  return std::move(read->image);
}

thaw::Result<bool> Cache::remove(const KernelRef& kernel) const {
  const fs::path place = place_of(kernel);
  const auto alone = lock_description(place, LOCK_EX | LOCK_NB);
  std::error_code error;
  if (!alone || fs::exists(place / kPinned, error)) return false;
  // Out of sight at once; its files go when the work directory does.
  const WorkDirectory grave = TRY(make_work_directory());
  fs::rename(place, grave.path() / "old", error);
  if (error) return cannot("remove", place, error);
  return true;
}

Cache::Usage Cache::usage_of(const KernelRef& kernel) const {
  const fs::path place = place_of(kernel);
  Usage usage;
  std::error_code missing;
  for (fs::recursive_directory_iterator entry(place, missing), end; !missing && entry != end;
       entry.increment(missing))
    if (std::error_code gone; entry->is_regular_file(gone)) usage.bytes += entry->file_size(gone);
  usage.last_used = fs::last_write_time(place / "kernel.json", missing);
  usage.pinned = fs::exists(place / kPinned, missing);
  return usage;
}

thaw::Status Cache::pin(const KernelRef& kernel, bool pinned) const {
  const fs::path place = place_of(kernel);
  std::error_code error;
  if (!fs::exists(place / "kernel.json", error))
    return thaw::fail(ErrorKind::User, "{} is not in the cache; `thawlab kernels fetch` it first",
                      kernel.release);
  if (pinned) return thaw::write_file(place / kPinned, "");
  fs::remove(place / kPinned, error);
  if (error) return cannot("remove", place / kPinned, error);
  return {};
}

thaw::Result<KernelImage> Cache::publish(const PackagedKernel& kernel, const FoundKernel& found,
                                         const fs::path& tree) const {
  std::error_code error;
  if (!found.modules.empty() && fs::exists(found.modules / "kernel", error))
    TRY(run_depmod(tree, found.release));
  const std::string sha256 = TRY(sha256_of_file(found.vmlinuz));
  TRY(thaw::write_file(tree / "SHA256SUMS", TRY(sums_of(tree))));
  TRY(thaw::write_file(tree / "kernel.json", description(kernel, found, tree, sha256).dump(2)));

  KernelRef ref = kernel.ref;
  ref.release = found.release;
  const fs::path place = place_of(ref);
  TRY(make_directories(place.parent_path()));
  // rename() does not replace a directory that has files: the old one steps aside first.
  const WorkDirectory old = TRY(make_work_directory());
  const bool was_pinned = fs::exists(place / kPinned, error);
  fs::rename(place, old.path() / "old", error);
  fs::rename(tree, place, error);
  if (error) return cannot("rename to", place, error);
  if (was_pinned) TRY(pin(ref, true));
  return TRY(find(ref)).value();
}

thaw::Result<ModuleSums> ModuleSums::of(const KernelImage& kernel) {
  ModuleSums sums;
  sums.modules_ = kernel.modules;
  const fs::path place = kernel.modules.parent_path().parent_path().parent_path();
  std::error_code missing;
  if (!fs::exists(place / "kernel.json", missing)) return sums;
  sums.prefix_ = below_tree(kernel.modules, place) + "/";
  sums.sums_ = TRY(thaw::read_file(place / "SHA256SUMS"));
  return sums;
}

thaw::Status ModuleSums::check(const std::string& path) const {
  if (!sums_) return {};
  const std::string line =
      fmt::format("{}  {}{}\n", TRY(sha256_of_file(modules_ / path)), prefix_, path);
  if (sums_->find(line) == std::string::npos)
    return thaw::fail(
        ErrorKind::Corrupt, "{} is not what was unpacked; remove {} and run again to fetch it anew",
        (modules_ / path).string(), modules_.parent_path().parent_path().parent_path().string());
  return {};
}

}  // namespace lab
