// modules.dep is depmod's answer to "what does this module need"; we walk it and compute nothing
// about symbols ourselves. Its lines are "path: path path …", relative to the modules' directory.

#include "harness/provision/modules.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "profiler/base/files.h"

namespace lab {
namespace {

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& use) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (size_t start = 0; (start = text.find_first_not_of(' ', start)) != std::string_view::npos;) {
    const size_t end = std::min(text.find(' ', start), text.size());
    words.emplace_back(text.substr(start, end - start));
    start = end;
  }
  return words;
}

struct Dependencies {
  std::map<std::string, std::string> path;                ///< by name
  std::map<std::string, std::vector<std::string>> needs;  ///< paths by path
};

Dependencies read_dependencies(std::string_view modules_dep) {
  Dependencies read;
  for_each_line(modules_dep, [&](std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string path(line.substr(0, colon));
    read.path[module_name(path)] = path;
    read.needs[path] = words_of(line.substr(colon + 1));
  });
  return read;
}

void add_after_needs(const Dependencies& all, const std::string& path, std::set<std::string>& seen,
                     std::vector<std::string>& order) {
  if (!seen.insert(path).second) return;
  const auto needs = all.needs.find(path);
  if (needs != all.needs.end())
    for (const std::string& need : needs->second) add_after_needs(all, need, seen, order);
  order.push_back(path);
}

}  // namespace

std::string module_name(std::string_view path) {
  path.remove_prefix(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  std::string name(path.substr(0, path.find(".ko")));
  std::ranges::replace(name, '-', '_');
  return name;
}

thaw::Result<std::vector<std::string>> order_modules(std::string_view modules_dep,
                                                     std::string_view modules_builtin,
                                                     const std::vector<std::string>& names) {
  const Dependencies all = read_dependencies(modules_dep);
  std::set<std::string> builtin;
  for_each_line(modules_builtin, [&](std::string_view line) { builtin.insert(module_name(line)); });
  std::set<std::string> seen;
  std::vector<std::string> order;
  for (const std::string& wanted : names) {
    const std::string name = module_name(wanted);
    if (builtin.contains(name)) continue;
    const auto path = all.path.find(name);
    if (path == all.path.end())
      return thaw::fail(thaw::ErrorKind::Environment,
                        "it has no driver {}, neither built in nor as a module", wanted);
    add_after_needs(all, path->second, seen, order);
  }
  return order;
}

thaw::Result<std::vector<std::string>> modules_to_load(const std::filesystem::path& directory,
                                                       const std::vector<std::string>& names) {
  if (directory.empty()) return std::vector<std::string>();
  const auto dependencies = thaw::read_file(directory / "modules.dep");
  if (!dependencies)
    return thaw::fail(thaw::ErrorKind::Environment,
                      "{} has no modules.dep; run depmod, or add the kernel with `thawlab kernels "
                      "add`, which does",
                      directory.string());
  const auto builtin = thaw::read_file(directory / "modules.builtin");
  return order_modules(*dependencies, builtin ? *builtin : std::string(), names);
}

}  // namespace lab
