#pragma once
// Who is guilty, in few lines: the attributions of a run, like ones together.

#include <string>
#include <vector>

#include "harness/results/result.h"

namespace lab {

/// One kind of attribution and how often it was seen.
struct Blame {
  Attribution example;  ///< the first one
  size_t count = 0;
};

/// Most frequent first. Alike are those of one role, context, function and program.
std::vector<Blame> blame(const std::vector<Attribution>& attribution);

/// "on_nmi waits in resilient_queued_spin_lock_slowpath (nmi, CPU 0) for rqspinlock …"
std::string to_text(const Attribution& attribution);

/// Lines for a person; empty when nothing was attributed. `stacks`: with the stack of each kind.
std::string blame_text(const RunResult& run, bool stacks);

}  // namespace lab
