// One wording for the table, the page and `show --why`. Map ids differ from boot to boot and are
// left out, so that the same design on eight kernels is one line.

#include "harness/report/maps.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab {

std::string describe(const SharedMapSeen& map) {
  const std::string nmi = map.nmi_programs.empty()
                              ? "no program in NMI"
                              : fmt::format("{} in NMI", fmt::join(map.nmi_programs, ", "));
  std::string text = fmt::format("{} '{}': {}, {} elsewhere", map.type, map.name, nmi,
                                 fmt::join(map.other_programs, ", "));
  if (!map.certain) text += "; perhaps different maps inside";
  if (map.probe == kProbed)
    text += "; probed";
  else if (!map.probe.empty())
    text += "; not probed: " + map.probe;
  return text;
}

std::vector<std::string> describe_shared_maps(const ResultSet& results) {
  std::vector<std::pair<std::string, int>> designs;
  for (const RunResult& run : results.runs) {
    if (!run.maps) continue;
    for (const SharedMapSeen& map : run.maps->maps) {
      const std::string text = fmt::format("{}: {}", run.case_name, describe(map));
      const auto known = std::ranges::find(designs, text, &std::pair<std::string, int>::first);
      if (known == designs.end())
        designs.emplace_back(text, 1);
      else
        known->second++;
    }
  }
  std::vector<std::string> lines;
  for (const auto& [text, runs] : designs)
    lines.push_back(fmt::format("{} ({} run{})", text, runs, runs == 1 ? "" : "s"));
  return lines;
}

}  // namespace lab
