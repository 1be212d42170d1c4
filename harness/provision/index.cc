// The index is derived data: anything wrong with it means "make it anew", never an error.

#include "harness/provision/index.h"

#include <set>

#include <nlohmann/json.hpp>

#include "profiler/base/files.h"

namespace lab {
namespace {

using nlohmann::json;

// Counts up whenever the meaning of a field changes; others are made anew.
constexpr int kSchema = 1;

json to_json(const PackagedKernel& kernel) {
  json packages = json::array();
  for (const PackageFile& file : kernel.packages)
    packages.push_back({{"name", file.name},
                        {"version", file.version},
                        {"sha256", file.sha256},
                        {"size_bytes", file.size_bytes},
                        {"sha512", file.sha512},
                        {"location", file.location},
                        {"signature", file.signature}});
  return {{"provider", kernel.ref.provider},
          {"order", name_of(kernel.ref.order)},
          {"release", kernel.ref.release},
          {"package", kernel.ref.package},
          {"version", kernel.ref.version},
          {"suite", kernel.ref.suite},
          {"packages", packages}};
}

PackagedKernel from_json(const json& row) {
  PackagedKernel kernel;
  // Indexes of Debian's kernels written before there were others name no provider.
  kernel.ref = {.provider = row.value("provider", "debian"),
                .release = row.at("release"),
                .package = row.at("package"),
                .version = row.at("version"),
                .suite = row.at("suite"),
                .order = version_order(row.value("order", ""))};
  for (const json& file : row.at("packages"))
    kernel.packages.push_back({file.at("name"), file.at("version"), file.at("sha256"),
                               file.at("size_bytes").get<uint64_t>(), file.value("sha512", ""),
                               file.value("location", ""), file.value("signature", "")});
  return kernel;
}

}  // namespace

std::optional<KernelIndex> read_index(const std::filesystem::path& file) {
  const auto text = thaw::read_file(file);
  if (!text) return std::nullopt;
  try {
    const json object = json::parse(*text);
    if (object.at("schema") != kSchema) return std::nullopt;
    KernelIndex index;
    index.sources_sha256 = object.at("sources_sha256");
    index.made_at =
        std::chrono::system_clock::time_point(std::chrono::seconds(object.at("made_at")));
    for (const json& row : object.at("kernels")) index.kernels.push_back(from_json(row));
    return index;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

thaw::Status write_index(const std::filesystem::path& file, const KernelIndex& index) {
  json kernels = json::array();
  for (const PackagedKernel& kernel : index.kernels) kernels.push_back(to_json(kernel));
  const auto since_epoch = index.made_at.time_since_epoch();
  const json object = {
      {"schema", kSchema},
      {"sources_sha256", index.sources_sha256},
      {"made_at", std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count()},
      {"kernels", kernels}};
  return thaw::write_file(file, object.dump(1) + "\n");
}

thaw::Result<std::vector<PackagedKernel>> read_lists(const Apt& apt) {
  std::vector<PackagedKernel> kernels;
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& [suite, file] : TRY(apt.lists())) {
    const std::string text = TRY(thaw::read_file(file));
    for (PackagedKernel& kernel : kernels_in(text, suite))
      if (seen.insert({kernel.ref.release, kernel.ref.version}).second)
        kernels.push_back(std::move(kernel));
  }
  return kernels;
}

}  // namespace lab
