// Debian has put a kernel into one package (linux-image-R, up to 6.18) and into several (from 6.19
// linux-image-R is empty and depends on linux-binary-R, linux-modules-R and linux-base-R). Neither
// names nor numbers of versions decide here: a kernel is linux-image-R and everything of the same
// release that it depends on, however deep.
//
// A meta-package such as linux-image-6.12-cloud-amd64 looks the same but depends on another
// linux-image: that is how it is told apart.

#include "harness/provision/packages.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace lab {
namespace {

constexpr std::string_view kImage = "linux-image-";

struct Package {
  PackageFile file;
  std::vector<std::string> depends;  ///< names only, alternatives in a row
};

using Packages = std::map<std::string, std::vector<Package>, std::less<>>;

/// Value of a one-line field of a stanza; empty when it has none.
std::string_view field(std::string_view stanza, std::string_view name) {
  for (size_t start = 0; start < stanza.size();) {
    const size_t end = std::min(stanza.find('\n', start), stanza.size());
    const std::string_view line = stanza.substr(start, end - start);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": "))
      return line.substr(name.size() + 2);
    start = end + 1;
  }
  return {};
}

void add_names(std::string_view relation, std::vector<std::string>& names) {
  while (!relation.empty()) {
    const size_t start = relation.find_first_not_of(" ,|");
    if (start == std::string_view::npos) return;
    relation.remove_prefix(start);
    names.emplace_back(relation.substr(0, relation.find_first_of(" ,|(:")));
    const size_t next = relation.find_first_of(",|");
    relation = next == std::string_view::npos ? "" : relation.substr(next);
  }
}

Package read_stanza(std::string_view stanza) {
  Package package;
  package.file.name = field(stanza, "Package");
  package.file.version = field(stanza, "Version");
  package.file.sha256 = field(stanza, "SHA256");
  const std::string_view size = field(stanza, "Size");
  std::from_chars(size.data(), size.data() + size.size(), package.file.size_bytes);
  add_names(field(stanza, "Pre-Depends"), package.depends);
  add_names(field(stanza, "Depends"), package.depends);
  return package;
}

/// All packages named linux-…; a list of Debian has 60,000 others.
Packages read_linux_packages(std::string_view text) {
  Packages packages;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find("\n\n", start), text.size());
    const std::string_view stanza = text.substr(start, end - start);
    if (field(stanza, "Package").starts_with("linux-")) {
      Package package = read_stanza(stanza);
      if (!package.file.sha256.empty() && !package.file.version.empty())
        packages[package.file.name].push_back(std::move(package));
    }
    start = end + 2;
  }
  return packages;
}

bool is_kernel(const Package& package) {
  const std::string_view release = std::string_view(package.file.name).substr(kImage.size());
  if (release.empty() || release.front() < '0' || release.front() > '9') return false;
  if (!release.ends_with("-amd64")) return false;  // drops -dbg, -unsigned, -signed-template
  return std::ranges::none_of(package.depends,
                              [](const std::string& name) { return name.starts_with(kImage); });
}

void collect(const Packages& packages, const Package& package, const std::string& release,
             std::set<std::string>& seen, std::vector<PackageFile>& files) {
  if (!seen.insert(package.file.name).second) return;
  files.push_back(package.file);
  for (const std::string& name : package.depends) {
    if (!name.starts_with("linux-") || !name.ends_with("-" + release)) continue;
    const auto found = packages.find(name);
    if (found == packages.end()) continue;
    for (const Package& part : found->second)
      if (part.file.version == package.file.version) collect(packages, part, release, seen, files);
  }
}

}  // namespace

uint64_t PackagedKernel::size_bytes() const {
  uint64_t sum = 0;
  for (const PackageFile& file : packages) sum += file.size_bytes;
  return sum;
}

std::vector<PackagedKernel> kernels_in(std::string_view packages_file, std::string_view suite) {
  const Packages packages = read_linux_packages(packages_file);
  std::vector<PackagedKernel> kernels;
  for (auto row = packages.lower_bound(kImage);
       row != packages.end() && row->first.starts_with(kImage); ++row) {
    for (const Package& package : row->second) {
      if (!is_kernel(package)) continue;
      PackagedKernel kernel;
      kernel.ref = {.provider = "debian",
                    .release = package.file.name.substr(kImage.size()),
                    .package = package.file.name,
                    .version = package.file.version,
                    .suite = std::string(suite)};
      std::set<std::string> seen;
      collect(packages, package, kernel.ref.release, seen, kernel.packages);
      kernels.push_back(std::move(kernel));
    }
  }
  return kernels;
}

}  // namespace lab
