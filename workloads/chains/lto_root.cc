// One of two files that are optimised as one program when they are linked: what it calls in the
// other, lto_middle.cc, is inlined here.

#include "workloads/chains/chain.h"

extern "C" [[gnu::noipa]] uint64_t lto_root(uint64_t rounds) {
  uint64_t result = chains::lto_middle(rounds);
  CHAINS_COME_BACK(result);
  return result;
}
