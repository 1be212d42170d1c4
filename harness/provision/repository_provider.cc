// A repository of the user's: the chain from its key to each file of a kernel.
//
//   signed = "metadata"   key → signature of repomd.xml or NAME.db → digests there → packages
//   signed = "packages"   key → signature of each package; the index only says what there is, so
//                         that a mirror could hide a kernel but not make one up
//   signed = "nothing"    digests of the index alone, against accidents
//
// Every file is downloaded into a work directory and read only when its link of the chain held.

#include "harness/provision/arch_database.h"
#include "harness/provision/archive.h"
#include "harness/provision/digest.h"
#include "harness/provision/download.h"
#include "harness/provision/provider.h"
#include "harness/provision/rpm_metadata.h"
#include "harness/provision/signature.h"
#include "harness/provision/url_archive.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

class RepositoryProvider final : public Provider {
 public:
  RepositoryProvider(Cache cache, Repository repository)
      : cache_(std::move(cache)), repository_(std::move(repository)) {}

  const std::string& name() const override { return repository_.provider; }
  const std::string& suite() const override { return repository_.name; }
  std::string title() const override { return "the kernels of " + repository_.title(); }
  std::string digest() const override;
  thaw::Result<std::vector<PackagedKernel>> read(
      const std::function<void(std::string_view)>& note) const override;
  thaw::Status unpack(const std::vector<PackageFile>& packages, const fs::path& files,
                      const fs::path& tree) const override;

 private:
  std::string full_url(const PackageFile& package) const;
  thaw::Result<fs::path> signed_file(const std::string& path, const std::string& ending,
                                     const fs::path& directory) const;
  thaw::Result<std::vector<PackagedKernel>> read_rpm(const fs::path& directory) const;
  thaw::Status check_package(const PackageFile& package, const fs::path& file,
                             const Keyring* keyring) const;
  thaw::Status check_detached(const PackageFile& package, const fs::path& file,
                              const Keyring& keyring) const;

  Cache cache_;
  Repository repository_;
};

thaw::Status make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot create {}: {}", directory.string(),
                      error.message());
  return {};
}

std::string RepositoryProvider::digest() const {
  std::string all = repository_.url + '\n' + repository_.key.string() + '\n' +
                    std::to_string(static_cast<int>(repository_.kind)) +
                    std::to_string(static_cast<int>(repository_.what));
  // Another key makes what the old one vouched for worthless.
  all += thaw::read_file(repository_.key).value_or("");
  for (const auto* list : {&repository_.packages, &repository_.versions})
    for (const std::string& word : *list) all += '\n' + word;
  for (const auto& [file, sum] : repository_.sha256) all += '\n' + file + ' ' + sum;
  return sha256_of(all);
}

std::string RepositoryProvider::full_url(const PackageFile& package) const {
  return repository_.kind == RepositoryKind::Archive ? package.location
                                                     : below(repository_.url, package.location);
}

/// Downloads `path` and, where metadata is signed, the signature beside it, and checks that.
thaw::Result<fs::path> RepositoryProvider::signed_file(const std::string& path,
                                                       const std::string& ending,
                                                       const fs::path& directory) const {
  const std::string url = below(repository_.url, path);
  const fs::path file = directory / fs::path(path).filename();
  TRY(download(url, file));
  if (repository_.what != Signed::Metadata) return file;
  TRY(make_directory(directory / "keys"));
  const Keyring keyring = TRY(Keyring::open(repository_.key, directory / "keys"));
  const fs::path signature = file.string() + ending;
  if (const auto had = download(url + ending, signature); !had)
    return std::unexpected(with_context(had.error(), "the signature of its index"));
  TRY(keyring.check(file, signature, url));
  return file;
}

thaw::Result<std::vector<PackagedKernel>> RepositoryProvider::read_rpm(
    const fs::path& directory) const {
  const fs::path repomd = TRY(signed_file("repodata/repomd.xml", ".asc", directory));
  const PackageFile primary = TRY(primary_in(repomd));
  const fs::path list = directory / fs::path(primary.location).filename();
  const std::string url = below(repository_.url, primary.location);
  TRY(download(url, list));
  TRY(check_download(list, primary, url));
  return rpm_kernels_in(list, repository_);
}

thaw::Result<std::vector<PackagedKernel>> RepositoryProvider::read(
    const std::function<void(std::string_view)>& note) const {
  const WorkDirectory directory = TRY(cache_.make_work_directory());
  std::vector<PackagedKernel> kernels;
  switch (repository_.kind) {
    case RepositoryKind::Rpm:
      kernels = TRY(read_rpm(directory.path()));
      break;
    case RepositoryKind::Arch: {
      const std::string name = repository_.name + ".db";
      kernels = TRY(arch_kernels_in(TRY(signed_file(name, ".sig", directory.path())), repository_));
      break;
    }
    case RepositoryKind::Archive:
      kernels = archive_kernels(repository_);
      break;
  }
  if (kernels.empty())
    note(fmt::format("{} has none of the packages {}", repository_.title(),
                     fmt::join(repository_.packages, ", ")));
  return kernels;
}

/// Arch: the signature in the index, or beside the package.
thaw::Status RepositoryProvider::check_detached(const PackageFile& package, const fs::path& file,
                                                const Keyring& keyring) const {
  const fs::path signature = file.string() + ".sig";
  if (!package.signature.empty())
    TRY(thaw::write_file(signature, from_base64(package.signature)));
  else if (const auto had = download(full_url(package) + ".sig", signature); !had)
    return std::unexpected(with_context(had.error(), "its signature"));
  return keyring.check(file, signature, full_url(package));
}

thaw::Status RepositoryProvider::check_package(const PackageFile& package, const fs::path& file,
                                               const Keyring* keyring) const {
  const std::string url = full_url(package);
  TRY(check_download(file, package, url));
  if (keyring != nullptr)
    return file.extension() == ".rpm" ? keyring->check_rpm(file, url)
                                      : check_detached(package, file, *keyring);
  if (package.sha256.empty() && package.sha512.empty())
    return thaw::fail(ErrorKind::Environment,
                      "nothing vouches for {}: give its sha256, or signed = \"packages\" and a key",
                      url);
  return {};
}

thaw::Status RepositoryProvider::unpack(const std::vector<PackageFile>& packages,
                                        const fs::path& files, const fs::path& tree) const {
  std::optional<Keyring> keyring;
  if (repository_.what == Signed::Packages) {
    TRY(make_directory(files / "keys"));
    keyring = TRY(Keyring::open(repository_.key, files / "keys"));
  }
  std::vector<fs::path> checked;
  for (const PackageFile& package : packages) {
    const std::string url = full_url(package);
    const fs::path file = files / url.substr(url.rfind('/') + 1);
    TRY(download(url, file));
    TRY(check_package(package, file, keyring ? &*keyring : nullptr));
    checked.push_back(file);
  }
  for (const fs::path& file : checked) TRY(unpack_package(file, tree));
  return {};
}

}  // namespace

std::unique_ptr<Provider> make_provider(Cache cache, Repository repository) {
  return std::make_unique<RepositoryProvider>(std::move(cache), std::move(repository));
}

}  // namespace lab
