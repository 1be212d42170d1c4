// Read here and not by libsolv, which drops the signature. The format is what repo-add writes and
// pacman reads: "NAME-VERSION/desc" in a tar, a line %FIELD%, lines of values, an empty line.
//
// Since pacman 6.1 repo-add leaves signatures out of databases; then they lie beside the packages.

#include "harness/provision/arch_database.h"

#include <algorithm>
#include <charconv>

#include "harness/provision/archive.h"
#include "harness/provision/release_name.h"

namespace lab {
namespace {

/// First line after the line %`name`%; empty when there is none.
std::string_view field(std::string_view desc, std::string_view name) {
  const std::string mark = fmt::format("%{}%\n", name);
  size_t at = desc.find(mark);
  if (at == std::string_view::npos || (at != 0 && desc[at - 1] != '\n')) return {};
  at += mark.size();
  return desc.substr(at, desc.find('\n', at) - at);
}

}  // namespace

std::optional<PackageFile> read_desc(std::string_view desc) {
  PackageFile file{.name = std::string(field(desc, "NAME")),
                   .version = std::string(field(desc, "VERSION")),
                   .sha256 = std::string(field(desc, "SHA256SUM")),
                   .location = std::string(field(desc, "FILENAME")),
                   .signature = std::string(field(desc, "PGPSIG"))};
  const std::string_view size = field(desc, "CSIZE");
  std::from_chars(size.data(), size.data() + size.size(), file.size_bytes);
  // The file lies beside the database.
  if (file.name.empty() || file.version.empty() || file.location.empty() ||
      file.location.find('/') != std::string::npos)
    return std::nullopt;
  if (file.sha256.empty() && file.signature.empty()) return std::nullopt;
  return file;
}

thaw::Result<std::vector<PackagedKernel>> arch_kernels_in(const std::filesystem::path& database,
                                                          const Repository& repository) {
  std::vector<PackagedKernel> kernels;
  const auto read = [&](std::string_view path, std::string_view content) {
    if (!path.ends_with("/desc")) return;
    auto file = read_desc(content);
    if (!file || std::ranges::find(repository.packages, file->name) == repository.packages.end())
      return;
    PackagedKernel kernel;
    kernel.ref = {.provider = repository.provider,
                  .release = arch_release(file->name, file->version),
                  .package = file->name,
                  .version = file->version,
                  .suite = repository.name,
                  .order = VersionOrder::Arch};
    kernel.packages.push_back(std::move(*file));
    kernels.push_back(std::move(kernel));
  };
  TRY(read_tar(database, read));
  return kernels;
}

}  // namespace lab
