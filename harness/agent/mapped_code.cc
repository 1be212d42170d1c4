// From /proc/PID/maps. A process that ends meanwhile is left out.

#include "harness/agent/mapped_code.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;

namespace {

std::vector<int> processes() {
  std::vector<int> pids;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/proc", none)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(std::stoi(name));
  }
  std::ranges::sort(pids);
  return pids;
}

/// "START-END PERMISSIONS OFFSET DEVICE INODE PATH"
std::string code_of(const std::string& line) {
  std::istringstream words(line);
  std::string range, permissions, offset, device, inode, path;
  words >> range >> permissions >> offset >> device >> inode >> std::ws;
  std::getline(words, path);
  const size_t dash = range.find('-');
  if (dash == std::string::npos || permissions.find('x') == std::string::npos || path.empty())
    return "";
  return fmt::format("code {} {} {} {}\n", range.substr(0, dash), range.substr(dash + 1), offset,
                     path);
}

}  // namespace

std::string mapped_code() {
  std::string text;
  for (const int pid : processes()) {
    const auto maps = thaw::read_file(fmt::format("/proc/{}/maps", pid));
    auto name = thaw::read_file(fmt::format("/proc/{}/comm", pid));
    if (!maps || !name || maps->empty()) continue;
    text += fmt::format("process {} {}", pid, *name);  // the name has a line end
    std::istringstream lines(*maps);
    for (std::string line; std::getline(lines, line);) text += code_of(line);
  }
  return text;
}

}  // namespace lab
