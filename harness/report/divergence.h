#pragma once
// Two runs that should have been one.

#include <optional>
#include <string>

#include "profiler/store/reader.h"

namespace lab {

/// Where two captures of a deterministic guest part, in a sentence with the event of each; nothing
/// when all their events are the same, though what was counted may then still differ. Pure.
std::optional<std::string> first_divergence(const thaw::Capture& before,
                                            const thaw::Capture& after);

}  // namespace lab
