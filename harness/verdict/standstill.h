#pragma once
// How many stalls of which length make a freeze, where the host let the guest run. Pure.

#include <optional>
#include <string>
#include <vector>

#include "harness/verdict/verdict.h"

namespace lab {

/// The sentence that says why it was a freeze; nothing when the stalls are such as sound kernels
/// show. Only for runs whose host was calm enough to be judged at all.
std::optional<std::string> standstill(const std::vector<Stall>& stalls, double load_s);

}  // namespace lab
