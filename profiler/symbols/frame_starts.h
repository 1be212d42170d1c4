#pragma once
// Where functions begin and end in code without symbols: exceptions need to know it too.

#include <cstdint>
#include <optional>
#include <vector>

#include "profiler/symbols/elf_file.h"

namespace thaw {

struct CodeRange {
  uint64_t address = 0;  ///< as in the file
  uint64_t bytes = 0;
};

/// The functions that the unwind table of a file speaks of. Immutable; 16 bytes each.
class FrameStarts {
 public:
  FrameStarts() = default;
  /// A file without .eh_frame, or with one that makes no sense, gives nothing.
  explicit FrameStarts(const ElfFile& file);

  std::optional<CodeRange> find(uint64_t address) const;

 private:
  struct Start {
    uint64_t address;
    uint32_t bytes;
  };
  std::vector<Start> starts_;  ///< by address
};

}  // namespace thaw
