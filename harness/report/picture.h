#pragma once
// The seed's picture: one lane per thread around a stall, drawn from the capture. Pure.

#include <string>

#include "harness/run/evidence.h"
#include "profiler/store/reader.h"

namespace lab {

/// An SVG that takes its colours from the page it is put into (page.cc): green where a thread ran,
/// orange where it was ready and had no CPU, blue where it waited. `stall` (guest time) is marked;
/// the picture shows as much time again before and after it, at least 5 ms.
/// Empty when the capture has no thread in that time.
std::string draw_threads(const thaw::Capture& capture, Interval stall);

}  // namespace lab
