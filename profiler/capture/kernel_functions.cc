// /proc/kallsyms is 10 MB of text and 200,000 names; of these a capture needs some hundreds. So the
// wanted addresses are sorted and the names merged against them; only those that hold one are kept.

#include "profiler/capture/kernel_functions.h"

#include <algorithm>
#include <charconv>

#include "profiler/base/files.h"

namespace thaw {

namespace {

struct Line {
  uint64_t address = 0;
  std::string_view name;
  std::string_view module;
};

/// "ffffffff81000000 T name\t[module]"; nothing for data and for what makes no sense.
std::optional<Line> parse_line(std::string_view text) {
  Line line;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, line.address, 16);
  if (error != std::errc() || line.address == 0 || end - at < 4) return std::nullopt;
  const char type = at[1];
  if (type != 't' && type != 'T' && type != 'w' && type != 'W') return std::nullopt;
  line.name = std::string_view(at + 3, end);
  if (const size_t tab = line.name.find('\t'); tab != std::string_view::npos) {
    line.module = line.name.substr(tab + 1);
    line.name = line.name.substr(0, tab);
    if (line.module.starts_with('[') && line.module.ends_with(']'))
      line.module = line.module.substr(1, line.module.size() - 2);
  }
  return line;
}

/// By address; of several names for one address the first in the file.
std::vector<Line> parse_all(std::string_view kallsyms) {
  std::vector<Line> lines;
  while (!kallsyms.empty()) {
    const size_t end = std::min(kallsyms.find('\n'), kallsyms.size());
    if (const auto line = parse_line(kallsyms.substr(0, end))) lines.push_back(*line);
    kallsyms.remove_prefix(std::min(end + 1, kallsyms.size()));
  }
  std::ranges::stable_sort(lines, {}, &Line::address);
  return lines;
}

/// Code goes on to the next symbol, but not for ever: behind a module's last function there is
/// nothing.
constexpr uint64_t kLongestFunction = 1 << 20;

}  // namespace

std::vector<KernelFunction> find_functions(std::string_view kallsyms,
                                           std::vector<uint64_t> addresses) {
  const size_t count = addresses.size();
  for (size_t i = 0; i < count; i++) addresses.push_back(addresses[i] - 1);
  std::ranges::sort(addresses);
  const std::vector<Line> lines = parse_all(kallsyms);
  std::vector<KernelFunction> found;
  auto wanted = addresses.begin();
  for (size_t i = 0; i < lines.size() && wanted != addresses.end(); i++) {
    if (i > 0 && lines[i].address == lines[i - 1].address) continue;
    size_t next = i + 1;
    while (next < lines.size() && lines[next].address == lines[i].address) next++;
    const uint64_t most = lines[i].address + kLongestFunction;
    const uint64_t end = next < lines.size() ? std::min(lines[next].address, most) : most;
    wanted = std::lower_bound(wanted, addresses.end(), lines[i].address);
    if (wanted == addresses.end() || *wanted >= end) continue;
    found.push_back({.address = lines[i].address,
                     .bytes = end - lines[i].address,
                     .name = std::string(lines[i].name),
                     .module = std::string(lines[i].module)});
  }
  return found;
}

std::vector<KernelFunction> kernel_functions(std::vector<uint64_t> addresses) {
  if (addresses.empty()) return {};
  const auto text = read_file("/proc/kallsyms");
  return text ? find_functions(*text, std::move(addresses)) : std::vector<KernelFunction>();
}

}  // namespace thaw
