#pragma once
// The history as text for a terminal. Pure.

#include <string>
#include <vector>

#include "harness/results/history.h"

namespace lab {

/// One line per session, in the order given.
std::string format_sessions(const std::vector<History::Line>& lines);

}  // namespace lab
