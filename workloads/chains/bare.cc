// The chain that is compiled without frame pointers: only unwind tables lead through it.

#include "workloads/chains/chain.h"

CHAINS_THREE_DEEP(bare, 0xbf58476d1ce4e5b9)

namespace chains {

std::vector<Chain> bare() {
  return {{.name = "no-frame-pointers",
           .run = bare_root,
           .frames = {"bare_leaf", "bare_middle", "bare_root"}}};
}

}  // namespace chains
