#pragma once
// What the page shows of a capture before anybody has asked for anything.

#include <string>

#include <nlohmann/json.hpp>

#include "profiler/analysis/lanes.h"

namespace thaw {

/// A CPU as a lane, before anybody has asked for its slices.
struct CpuTimes {
  uint32_t cpu = 0;
  int64_t running_ns = 0;
  int64_t stalled_ns = 0;
};
std::vector<CpuTimes> cpu_times(const Lanes& lanes);

/// `summary` of PROTOCOL.md, but for `has.other` (false) and `finest` (0).
nlohmann::ordered_json summary_json(const Lanes& lanes, const std::string& file);

}  // namespace thaw
