#pragma once
// What does not go together in one case.

#include "harness/case/case.h"
#include "profiler/base/errors.h"

namespace lab {

/// Fails with User, naming the case, when it is to be deterministic and something in it comes from
/// outside the guest, or asks for a cost that nobody counts. Pure.
thaw::Status check_machine(const Case& test);

/// Only QEMU's own translator counts instructions, so it must run the guest. Pure.
inline bool needs_tcg(const Case& test) {
  return test.machine.is_deterministic || test.machine.oracle != OracleCounts::nothing;
}

}  // namespace lab
