#pragma once
// From when to when a capture goes, of damaged and killed ones too. Pure.

#include <cstdint>

#include "profiler/store/reader.h"

namespace thaw {

/// CLOCK_MONOTONIC when the capture began; when no header is readable, its first event.
int64_t start_ns(const Capture& capture);

/// When it ended; of a capture without an ending, the last thing in it.
int64_t end_ns(const Capture& capture);

double duration_s(const Capture& capture);

}  // namespace thaw
