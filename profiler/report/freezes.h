#pragma once
// `thaw freezes`: the windows in which the machine stood still. Pure.

#include <span>
#include <string>

#include "profiler/analysis/freezes.h"

namespace thaw {

inline constexpr int kFreezesSchema = 1;

/// One line per freeze, times from the start of the capture; one sentence when there is none.
std::string freezes_text(const Capture& capture, std::span<const Freeze> freezes, int64_t least_ns);
/// `schema`, `least_ns` and `freezes[]` of design.md; `start_ns` counts from the start of the
/// capture.
std::string freezes_json(const Capture& capture, std::span<const Freeze> freezes, int64_t least_ns);

}  // namespace thaw
