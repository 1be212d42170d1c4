// libsolv reads both files; its pool lives no longer than a call. What is taken out of it is names,
// versions, places and digests: kernels need no solver, since the packages of one kernel are told
// by their version and not by what they require.
//
// The packages of a kernel, as the distributions split it: kernel-core holds the image, and
// kernel-modules-core (Fedora 38, RHEL 9.2) and kernel-modules hold drivers, some of which every
// guest needs. openSUSE's kernel-default has everything in one.

#include "harness/provision/rpm_metadata.h"

#include <cstdio>
#include <map>
#include <memory>

#include "harness/provision/release_name.h"
#include "harness/provision/solv.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

constexpr std::string_view kCore = "-core";

struct FreePool {
  void operator()(Pool* pool) const { pool_free(pool); }
};

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

/// A pool with one repository, made of one file.
struct OpenRepo {
  std::unique_ptr<Pool, FreePool> pool{pool_create()};
  Repo* repo = nullptr;
};

thaw::Result<OpenRepo> read_with(int (*reader)(Repo*, FILE*), const fs::path& path) {
  OpenRepo open;
  pool_setdisttype(open.pool.get(), DISTTYPE_RPM);
  open.repo = repo_create(open.pool.get(), "repository");
  const File file(solv_xfopen(path.c_str(), "r"));
  if (!file) return thaw::fail(ErrorKind::Corrupt, "cannot open {}", path.filename().string());
  if (reader(open.repo, file.get()) != 0)
    return thaw::fail(ErrorKind::Corrupt, "{} cannot be read: {}", path.filename().string(),
                      pool_errstr(open.pool.get()));
  return open;
}

/// Puts a digest where it belongs; false for kinds that nobody should rely on any more.
bool set_digest(PackageFile& file, Id type, const char* hex) {
  if (hex == nullptr) return false;
  if (type == REPOKEY_TYPE_SHA256) file.sha256 = hex;
  if (type == REPOKEY_TYPE_SHA512) file.sha512 = hex;
  return type == REPOKEY_TYPE_SHA256 || type == REPOKEY_TYPE_SHA512;
}

std::string version_of(Pool* pool, const Solvable* solvable) {
  std::string version = pool_id2str(pool, solvable->evr);
  return version.starts_with("0:") ? version.substr(2) : version;
}

/// What the package says of itself: "kernel-uname-r = 6.17.4-200.fc42.x86_64"; empty when nothing.
std::string stated_release(Pool* pool, Solvable* solvable) {
  Queue provides;
  queue_init(&provides);
  solvable_lookup_deparray(solvable, SOLVABLE_PROVIDES, &provides, -1);
  std::string release;
  for (int i = 0; i < provides.count && release.empty(); ++i) {
    if (!ISRELDEP(provides.elements[i])) continue;
    const Reldep* relation = GETRELDEP(pool, provides.elements[i]);
    const std::string_view name = pool_id2str(pool, relation->name);
    if (name.ends_with("-uname-r")) release = pool_id2str(pool, relation->evr);
  }
  queue_free(&provides);
  return release.starts_with("0:") ? release.substr(2) : release;
}

struct Package {
  PackageFile file;
  std::string release;
};

using Packages = std::map<std::pair<std::string, std::string>, Package>;  // {name, version} →

/// Packages for x86_64 that have a place and a digest.
Packages packages_of(const OpenRepo& open) {
  Pool* pool = open.pool.get();
  Packages packages;
  Id id = 0;
  Solvable* solvable = nullptr;
  FOR_REPO_SOLVABLES(open.repo, id, solvable) {
    if (std::string_view(pool_id2str(pool, solvable->arch)) != "x86_64") continue;
    Package package;
    package.file.name = pool_id2str(pool, solvable->name);
    package.file.version = version_of(pool, solvable);
    Id type = 0;
    const char* hex = solvable_lookup_checksum(solvable, SOLVABLE_CHECKSUM, &type);
    const char* location = solvable_lookup_location(solvable, nullptr);
    if (location == nullptr || !set_digest(package.file, type, hex)) continue;
    package.file.location = location;
    package.file.size_bytes = solvable_lookup_num(solvable, SOLVABLE_DOWNLOADSIZE, 0);
    package.release = stated_release(pool, solvable);
    packages[{package.file.name, package.file.version}] = std::move(package);
  }
  return packages;
}

PackagedKernel kernel_of(const Packages& packages, const Package& image,
                         const Repository& repository) {
  const std::string& name = image.file.name;
  PackagedKernel kernel;
  kernel.ref = {
      .provider = repository.provider,
      .release = image.release.empty() ? rpm_release(name, image.file.version) : image.release,
      .package = name,
      .version = image.file.version,
      .suite = repository.name,
      .order = VersionOrder::Rpm};
  kernel.packages.push_back(image.file);
  if (!name.ends_with(kCore)) return kernel;
  const std::string stem = name.substr(0, name.size() - kCore.size());
  for (const char* part : {"-modules-core", "-modules"})
    if (const auto found = packages.find({stem + part, image.file.version});
        found != packages.end())
      kernel.packages.push_back(found->second.file);
  return kernel;
}

}  // namespace

thaw::Result<PackageFile> primary_in(const fs::path& repomd) {
  const OpenRepo open = TRY(
      read_with([](Repo* repo, FILE* file) { return repo_add_repomdxml(repo, file, 0); }, repomd));
  Pool* pool = open.pool.get();
  PackageFile primary;
  Dataiterator entry;
  dataiterator_init(&entry, pool, open.repo, SOLVID_META, REPOSITORY_REPOMD_TYPE, "primary",
                    SEARCH_STRING);
  dataiterator_prepend_keyname(&entry, REPOSITORY_REPOMD);
  if (dataiterator_step(&entry) != 0) {
    dataiterator_setpos_parent(&entry);
    const char* location = pool_lookup_str(pool, SOLVID_POS, REPOSITORY_REPOMD_LOCATION);
    Id type = 0;
    const char* hex = pool_lookup_checksum(pool, SOLVID_POS, REPOSITORY_REPOMD_CHECKSUM, &type);
    if (location != nullptr && set_digest(primary, type, hex)) primary.location = location;
  }
  dataiterator_free(&entry);
  if (primary.location.empty())
    return thaw::fail(ErrorKind::Corrupt,
                      "repomd.xml names no list of packages (primary) with a SHA-256 or SHA-512");
  return primary;
}

thaw::Result<std::vector<PackagedKernel>> rpm_kernels_in(const fs::path& primary,
                                                         const Repository& repository) {
  const OpenRepo open = TRY(read_with(
      [](Repo* repo, FILE* file) { return repo_add_rpmmd(repo, file, nullptr, 0); }, primary));
  const Packages packages = packages_of(open);
  std::vector<PackagedKernel> kernels;
  for (const std::string& name : repository.packages)
    for (auto row = packages.lower_bound({name, ""});
         row != packages.end() && row->first.first == name; ++row)
      kernels.push_back(kernel_of(packages, row->second, repository));
  return kernels;
}

}  // namespace lab
