#pragma once
// The call chains of `chains`: what each must look like on a stack, from its leaf to its root, and
// how it is run. Which frames there are follows from how a file is compiled, so that every file
// here is compiled with options of its own (workloads/CMakeLists.txt), optimised or not.

#include <stdint.h>

#include <vector>

#include "workloads/burn.h"

namespace chains {

struct Chain {
  const char* name;
  /// The root. What it does takes about as long as `rounds` rounds of a burner.
  uint64_t (*run)(uint64_t rounds);
  /// Leaf first, root last: what an unwinder finds, inlined functions left out.
  std::vector<const char*> frames;
  /// What lies above the leaf while the chain runs: nothing, `kernel` or `vdso` (and libc's way
  /// there).
  const char* above = "";
  /// Before the first run; ends the program when the system refuses. May be null.
  void (*prepare)() = nullptr;
  /// Function without a frame: inlined, or replaced by what it called last. May be null.
  const char* without_frame = nullptr;
};

/// Each file's own.
std::vector<Chain> compiled();
std::vector<Chain> bare();
std::vector<Chain> system();
std::vector<Chain> generated();

/// Of the two files that are optimised as one.
extern "C" uint64_t lto_root(uint64_t rounds);
extern "C" uint64_t lto_middle(uint64_t rounds);

}  // namespace chains

// After a call: what was called must return here, so that the call is no jump, and this function
// keeps its frame.
#define CHAINS_COME_BACK(result) asm volatile("" : "+r"(result))

// NAME_root calls NAME_middle, which has an array on its stack, which calls NAME_leaf.
#define CHAINS_THREE_DEEP(name, multiplier)                           \
  WORKLOAD_BURNER(name##_leaf, multiplier)                            \
  extern "C" [[gnu::noipa]] uint64_t name##_middle(uint64_t rounds) { \
    volatile uint64_t kept[40];                                       \
    for (uint64_t i = 0; i < 40; i++) kept[i] = rounds + i;           \
    uint64_t result = name##_leaf(rounds) + kept[rounds % 40];        \
    CHAINS_COME_BACK(result);                                         \
    return result;                                                    \
  }                                                                   \
  extern "C" [[gnu::noipa]] uint64_t name##_root(uint64_t rounds) {   \
    uint64_t result = name##_middle(rounds);                          \
    CHAINS_COME_BACK(result);                                         \
    return result;                                                    \
  }
