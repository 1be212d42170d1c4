// Chains that a compiler makes of plain calls: recursion, frame pointers, inlining, calls that
// became jumps, calls through the PLT, a call that does not come back.

#include <setjmp.h>

#include "workloads/chains/chain.h"

WORKLOAD_BURNER(recursion_5_leaf, 0x9fb21c651e98df25)
WORKLOAD_BURNER(recursion_60_leaf, 0xa24baed4963ee407)
WORKLOAD_BURNER(recursion_200_leaf, 0x8cb92ba72f3d8dd7)

extern "C" [[gnu::noipa]] uint64_t descend(int levels, uint64_t (*leaf)(uint64_t),
                                           uint64_t rounds) {
  uint64_t result = levels > 1 ? descend(levels - 1, leaf, rounds) : leaf(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

#define RECURSION(levels)                                                         \
  extern "C" [[gnu::noipa]] uint64_t recursion_##levels##_root(uint64_t rounds) { \
    uint64_t result = descend(levels, recursion_##levels##_leaf, rounds);         \
    CHAINS_COME_BACK(result);                                                     \
    return result;                                                                \
  }
RECURSION(5)
RECURSION(60)
RECURSION(200)
#undef RECURSION

CHAINS_THREE_DEEP(framed, 0xb492b66fbe98f273)

WORKLOAD_BURNER(inlined_leaf, 0x9ae16a3b2f90404f)
[[gnu::always_inline]] static inline uint64_t inlined_middle(uint64_t rounds) {
  uint64_t result = inlined_leaf(rounds);
  CHAINS_COME_BACK(result);
  return result;
}
extern "C" [[gnu::noipa]] uint64_t inlined_root(uint64_t rounds) {
  uint64_t result = inlined_middle(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

WORKLOAD_BURNER(tail_call_leaf, 0xc949d7c7509e6557)
extern "C" [[gnu::noipa]] uint64_t tail_call_middle(uint64_t rounds) {
  return tail_call_leaf(rounds);  // jumps
}
extern "C" [[gnu::noipa]] uint64_t tail_call_root(uint64_t rounds) {
  uint64_t result = tail_call_middle(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

// Which function this is gets decided when the program starts, so that it is called through the
// PLT, in a static program too.
WORKLOAD_BURNER(plt_leaf, 0xff51afd7ed558ccd)
extern "C" uint64_t (*resolve_plt_leaf())(uint64_t) {
  return plt_leaf;
}
extern "C" uint64_t through_plt(uint64_t rounds) __attribute__((ifunc("resolve_plt_leaf")));
extern "C" [[gnu::noipa]] uint64_t plt_root(uint64_t rounds) {
  uint64_t result = through_plt(rounds);
  CHAINS_COME_BACK(result);
  return result;
}

// The call is the last instruction of its function: the return address is that of whatever
// follows.
static jmp_buf way_back;
WORKLOAD_BURNER(no_return_leaf, 0x87c37b91114253d5)
extern "C" [[gnu::noipa, noreturn]] void no_return_middle(uint64_t rounds) {
  uint64_t result = no_return_leaf(rounds);
  CHAINS_COME_BACK(result);
  longjmp(way_back, 1);
}
extern "C" [[gnu::noipa, noreturn]] void no_return_outer(uint64_t rounds) {
  no_return_middle(rounds);
}
extern "C" [[gnu::noipa]] uint64_t no_return_root(uint64_t rounds) {
  if (setjmp(way_back) == 0) no_return_outer(rounds);
  return rounds;
}

namespace chains {

/// leaf, `levels` times descend, root.
static Chain recursion(const char* name, int levels, const char* leaf, const char* root,
                       uint64_t (*run)(uint64_t)) {
  std::vector<const char*> frames{leaf};
  frames.insert(frames.end(), static_cast<size_t>(levels), "descend");
  frames.push_back(root);
  return {.name = name, .run = run, .frames = std::move(frames)};
}

std::vector<Chain> compiled() {
  return {
      recursion("recursion-5", 5, "recursion_5_leaf", "recursion_5_root", recursion_5_root),
      recursion("recursion-60", 60, "recursion_60_leaf", "recursion_60_root", recursion_60_root),
      recursion("recursion-200", 200, "recursion_200_leaf", "recursion_200_root",
                recursion_200_root),
      {.name = "frame-pointers",
       .run = framed_root,
       .frames = {"framed_leaf", "framed_middle", "framed_root"}},
      {.name = "inlined",
       .run = inlined_root,
       .frames = {"inlined_leaf", "inlined_root"},
       .without_frame = "inlined_middle"},
      {.name = "lto",
       .run = lto_root,
       .frames = {"lto_leaf", "lto_root"},
       .without_frame = "lto_middle"},
      {.name = "tail-call",
       .run = tail_call_root,
       .frames = {"tail_call_leaf", "tail_call_root"},
       .without_frame = "tail_call_middle"},
      {.name = "plt", .run = plt_root, .frames = {"plt_leaf", "plt_root"}},
      {.name = "no-return",
       .run = no_return_root,
       .frames = {"no_return_leaf", "no_return_middle", "no_return_outer", "no_return_root"}},
  };
}

}  // namespace chains
