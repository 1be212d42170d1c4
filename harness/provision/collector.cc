// A kernel that can be fetched again is only worth the time that takes; one that left the mirrors
// is worth a bisection. So the budget bounds the first kind, and the second stays whatever it says.

#include "harness/provision/collector.h"

#include <algorithm>

namespace lab {
namespace {

struct Kept {
  KernelRef kernel;
  Cache::Usage usage;
};

std::vector<Kept> longest_unused_first(const Cache& cache) {
  std::vector<Kept> kept;
  for (PackagedKernel& kernel : cache.list()) {
    const Cache::Usage usage = cache.usage_of(kernel.ref);
    kept.push_back({std::move(kernel.ref), usage});
  }
  std::ranges::sort(kept, {}, [](const Kept& row) { return row.usage.last_used; });
  return kept;
}

}  // namespace

thaw::Result<Collected> collect(const Cache& cache, uint64_t budget_bytes,
                                const std::function<bool(const KernelRef&)>& can_return) {
  const std::vector<Kept> kept = longest_unused_first(cache);
  Collected collected;
  for (const Kept& row : kept) collected.left_bytes += row.usage.bytes;
  for (const Kept& row : kept) {
    if (collected.left_bytes <= budget_bytes) break;
    if (row.usage.pinned || !can_return(row.kernel) || !TRY(cache.remove(row.kernel))) continue;
    collected.left_bytes -= row.usage.bytes;
    collected.freed_bytes += row.usage.bytes;
    collected.removed.push_back(row.kernel);
  }
  return collected;
}

}  // namespace lab
