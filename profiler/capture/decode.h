#pragma once
// Wire records → store events.

#include <cstdint>
#include <optional>

#include "profiler/capture/unwinder.h"
#include "profiler/store/event.h"
#include "profiler/store/writer.h"

namespace thaw {

/// Decodes one wire record. Names and stacks are interned in `writer`. Nothing for a record whose
/// size contradicts its kind, or that a capture file cannot hold (a CPU or a time out of range);
/// the caller counts it as bad_record. Of a record with a stack_copy, `unwound` is what came of it.
std::optional<Event> decode(const char* record, uint32_t bytes, Writer& writer,
                            const UnwoundStack* unwound = nullptr);

}  // namespace thaw
