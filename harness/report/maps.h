#pragma once
// The audit of a subject's maps in words. Pure.

#include <string>
#include <vector>

#include "harness/results/result.h"

namespace lab {

/// "ringbuf 'ring': on_nmi in NMI, on_switch elsewhere; probed".
std::string describe(const SharedMapSeen& map);

/// What the runs of a session have in common: one line per design, with the number of its runs.
/// Empty when no map is shared.
std::vector<std::string> describe_shared_maps(const ResultSet& results);

}  // namespace lab
