// What can be said about the counted facts without knowing where they came from.

#include "profiler/store/facts.h"

#include <numeric>

namespace thaw {

uint64_t EmitHistogram::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), uint64_t{0});
}

}  // namespace thaw
