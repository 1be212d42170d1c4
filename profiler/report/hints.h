#pragma once
// What would give names to code that has none. Pure.

#include <string>

#include "profiler/analysis/profile.h"

namespace thaw {

/// One line for each runtime that ran, makes or interprets code, and told no names of it; "" when
/// there is none.
std::string runtime_hints(const Capture& capture, const Profile& profile);

}  // namespace thaw
