#pragma once
// From one CPU's registers to the chain of its callers, through interrupts and NMIs to where the
// kernel was entered.

#include <cstdint>
#include <vector>

#include "harness/run/stacks/memory.h"
#include "harness/run/stacks/orc.h"
#include "harness/run/stacks/registers.h"
#include "harness/run/stacks/symbols.h"

namespace lab {

struct RawFrame {
  uint64_t address =
      0;            ///< the instruction itself where it was interrupted, else the one to return to
  uint64_t sp = 0;  ///< the stack pointer in this frame
  /// The leaf of a CPU or of what an interrupt, exception or NMI interrupted.
  bool is_interrupted = false;
  /// Found by looking through the stack for something that looks like a return address.
  bool is_guess = false;
};

/// Leaf first, at most kMostFrames; empty for a CPU that runs a program. `orc` may be null: then
/// frame pointers and guesses are all there is. Whatever the memory holds, it ends.
std::vector<RawFrame> unwind(const CpuRegisters& registers, const VirtualMemory& memory,
                             const Symbols& symbols, const OrcTable* orc);

inline constexpr size_t kMostFrames = 128;

}  // namespace lab
