#pragma once
// A bisection in words. Pure.

#include <string>

#include "harness/results/bisect_record.h"

namespace lab {

/// "22 kernels from … to …", and which were left out and why.
std::string bisect_head(const BisectRecord& record);
/// After the last trial: where it was, what it gave, what is known of that kernel, what is left.
std::string bisect_progress(const BisectRecord& record);
/// The answer, how sure it is, what changed; or why there is none.
std::string bisect_end(const BisectRecord& record);

}  // namespace lab
