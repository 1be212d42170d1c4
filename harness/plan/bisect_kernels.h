#pragma once
// The kernels of a bisection: those of one flavour between two, in Debian's order. Pure.

#include <vector>

#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

struct BisectKernels {
  /// From the good end to the bad one: oldest first, or newest first when a fix is looked for.
  std::vector<KernelRef> row;
  bool finds_fix = false;  ///< the good end is the newer one
  /// Rebuilds for another release of the same source ("6.12.117-1~deb12u1" of 6.12.117-1): one of
  /// each is in the row, the others are here.
  std::vector<KernelRef> left_out;
};

/// `all` in any order. Fails with User when the ends are one kernel, of two flavours or not of
/// Debian.
thaw::Result<BisectKernels> kernels_between(const KernelRef& good, const KernelRef& bad,
                                            const std::vector<KernelRef>& all);

}  // namespace lab
