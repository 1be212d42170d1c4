#pragma once
// `thaw dump`: a capture as text, one fact or event a line; the grammar is in store/FORMAT.md.
// Pure.

#include <functional>
#include <string>
#include <string_view>

#include "profiler/store/reader.h"

namespace thaw {

/// Calls `sink` with whole lines, many at a time.
void dump(const Capture& capture, const std::function<void(std::string_view)>& sink);

/// One event's line, without the line end.
std::string dump_line(const Capture& capture, const Event& event);

}  // namespace thaw
