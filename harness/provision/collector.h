#pragma once
// Keeps the cache's kernels within a budget of disk space.

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/provision/cache.h"
#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

struct Collected {
  std::vector<KernelRef> removed;
  uint64_t freed_bytes = 0;
  uint64_t left_bytes = 0;  ///< may be over the budget: see collect()
};

/// Removes kernels, the one unused for longest first, until those left take no more than
/// `budget_bytes`. Never removes one that is pinned or in use, nor one that `can_return` denies,
/// because no mirror has it any more. That the rest is over the budget is no error.
thaw::Result<Collected> collect(const Cache& cache, uint64_t budget_bytes,
                                const std::function<bool(const KernelRef&)>& can_return);

}  // namespace lab
