// The other half of lto_root.cc.

#include "workloads/chains/chain.h"

WORKLOAD_BURNER(lto_leaf, 0xd6e8feb86659fd93)

extern "C" uint64_t lto_middle(uint64_t rounds) {
  uint64_t result = lto_leaf(rounds);
  CHAINS_COME_BACK(result);
  return result;
}
