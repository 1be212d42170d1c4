#pragma once
// `thaw info`: what a capture is, what it holds, what it lost, and whether the recording itself
// held up the machine. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/analysis/extent.h"
#include "profiler/store/reader.h"

namespace thaw {

/// The version of the JSON form. Fields are added without a new version; a new version means that
/// one changed its name or meaning.
inline constexpr int kInfoSchema = 1;

/// For people. `file` is its name and `file_bytes` its size.
std::string info_text(const Capture& capture, std::string_view file, uint64_t file_bytes);

/// For scripts: the fields of design.md, and `happened`, `kernel_switches` (null when not known),
/// `unaccounted`; `stacks.unknown` (walked by frame pointers, whose end nobody knows),
/// `stacks.samples` {how it ends: count}, `stacks.modules[]` {`module`, `reason`, `samples`}.
std::string info_json(const Capture& capture);

/// Nothing lost on the way from the kernel to the reader of the file: ended and undamaged.
bool is_complete(const Capture& capture);

/// One sentence for stderr about a damaged capture; empty for a whole one.
std::string damage_text(const Capture& capture, std::string_view file);

}  // namespace thaw
