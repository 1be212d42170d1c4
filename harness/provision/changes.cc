// Two lists compared, one of them kept in a file between nights.

#include "harness/provision/changes.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "profiler/base/files.h"

namespace lab {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;

bool has(const std::vector<KernelRef>& kernels, const KernelRef& wanted) {
  return std::ranges::any_of(kernels,
                             [&](const KernelRef& k) { return is_same_package(k, wanted); });
}

}  // namespace

bool is_same_package(const KernelRef& left, const KernelRef& right) {
  return left.provider == right.provider && left.package == right.package &&
         left.version == right.version;
}

std::optional<std::vector<KernelRef>> read_last_look(const std::filesystem::path& file) {
  const auto text = thaw::read_file(file);
  if (!text) return std::nullopt;
  try {
    const json object = json::parse(*text);
    if (object.at("schema") != kSchema) return std::nullopt;
    std::vector<KernelRef> kernels;
    for (const json& row : object.at("kernels"))
      kernels.push_back({.provider = row.at("provider"),
                         .release = row.at("release"),
                         .package = row.at("package"),
                         .version = row.at("version"),
                         .suite = row.at("suite"),
                         .order = version_order(row.value("order", ""))});
    return kernels;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

thaw::Status write_last_look(const std::filesystem::path& file,
                             const std::vector<KernelRef>& kernels) {
  json rows = json::array();
  for (const KernelRef& kernel : kernels)
    rows.push_back({{"provider", kernel.provider},
                    {"release", kernel.release},
                    {"package", kernel.package},
                    {"version", kernel.version},
                    {"suite", kernel.suite},
                    {"order", name_of(kernel.order)}});
  return thaw::write_file(file, json{{"schema", kSchema}, {"kernels", rows}}.dump(1) + "\n");
}

Changes changes_between(const std::vector<KernelRef>& before, const std::vector<KernelRef>& now,
                        const std::function<bool(const KernelRef&)>& was_asked) {
  Changes changes;
  for (const KernelRef& kernel : now)
    if (!has(before, kernel)) changes.arrived.push_back(kernel);
  for (const KernelRef& kernel : before)
    if (!has(now, kernel) && was_asked(kernel)) changes.gone.push_back(kernel);
  return changes;
}

}  // namespace lab
