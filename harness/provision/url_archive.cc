// The user says which versions there are, since nobody else does, and which packages make a kernel.
// Files of an archive are told apart by the ending of their names.

#include "harness/provision/url_archive.h"

#include "harness/provision/release_name.h"

namespace lab {
namespace {

void put_in(std::string& text, std::string_view placeholder, std::string_view value) {
  for (size_t at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + value.size()))
    text.replace(at, placeholder.size(), value);
}

VersionOrder order_of(std::string_view url) {
  if (url.ends_with(".deb")) return VersionOrder::Debian;
  return url.ends_with(".rpm") ? VersionOrder::Rpm : VersionOrder::Arch;
}

std::string release_of(VersionOrder order, const std::string& package, const std::string& version) {
  constexpr std::string_view kImage = "linux-image-";
  if (order == VersionOrder::Rpm) return rpm_release(package, version);
  if (order == VersionOrder::Arch) return arch_release(package, version);
  return package.starts_with(kImage) ? package.substr(kImage.size()) : version;
}

}  // namespace

std::string archive_url(const std::string& pattern, const std::string& package,
                        const std::string& version) {
  const size_t hyphen = version.rfind('-');
  std::string url = pattern;
  put_in(url, "{package}", package);
  put_in(url, "{version}", version);
  put_in(url, "{upstream}", std::string_view(version).substr(0, hyphen));
  put_in(url, "{revision}",
         hyphen == std::string::npos ? "" : std::string_view(version).substr(hyphen + 1));
  return url;
}

std::vector<PackagedKernel> archive_kernels(const Repository& repository) {
  std::vector<PackagedKernel> kernels;
  const VersionOrder order = order_of(repository.url);
  for (const std::string& version : repository.versions) {
    const std::string& image = repository.packages.front();
    PackagedKernel kernel;
    kernel.ref = {.provider = repository.provider,
                  .release = release_of(order, image, version),
                  .package = image,
                  .version = version,
                  .suite = repository.name,
                  .order = order};
    for (const std::string& package : repository.packages) {
      PackageFile file{.name = package, .version = version};
      file.location = archive_url(repository.url, package, version);
      const std::string name = file.location.substr(file.location.rfind('/') + 1);
      if (const auto digest = repository.sha256.find(name); digest != repository.sha256.end())
        file.sha256 = digest->second;
      kernel.packages.push_back(std::move(file));
    }
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

}  // namespace lab
