#pragma once
// How far user stacks reach: how many are whole, and why the others are not. Pure.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

/// A file in whose code stacks ended for one reason.
struct EndsInModule {
  std::string
      module;  ///< file name, "[vdso]", "memory" for code without a file, "?" for no mapping
  StackEnd end = StackEnd::unknown;
  uint64_t stacks = 0;
};

struct StackEnds {
  /// User stacks of all events that have one, or should have, by how they end. `unknown` counts
  /// stacks that were walked by frame pointers.
  std::array<uint64_t, kStackEnds> by_end{};
  /// The same of samples alone.
  std::array<uint64_t, kStackEnds> of_samples{};
  /// Of samples: where it was the code that gave no way on (no_unwind_info, unsupported, unmapped),
  /// most first.
  std::vector<EndsInModule> modules;

  uint64_t complete() const { return by_end[static_cast<size_t>(StackEnd::complete)]; }
};

StackEnds stack_ends(const Capture& capture);

}  // namespace thaw
