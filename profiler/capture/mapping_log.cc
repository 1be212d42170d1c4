// Mappings of processes that nobody asked for are not for the file: their paths are nobody's
// business.

#include "profiler/capture/mapping_log.h"

#include <algorithm>

#include "profiler/capture/perf_maps.h"

namespace thaw {

Status MappingLog::write(Writer& writer, int64_t now_ns) {
  const auto is_known = [&](const Mapping& one) { return all_ || known_.contains(one.pid); };
  const auto rest = std::ranges::stable_partition(fresh_, is_known);
  for (const Mapping& one : std::span(fresh_.begin(), rest.begin()))
    if (is_generated_code(one)) generating_.insert(one.pid);
  TRY(writer.put(std::span<const Mapping>(fresh_.begin(), rest.begin())));
  fresh_.erase(fresh_.begin(), rest.begin());
  std::erase_if(fresh_, [&](const Mapping& one) { return now_ns - one.time_ns > kPatienceNs; });
  return {};
}

}  // namespace thaw
