#pragma once
// The stubs through which a file calls functions of other files.

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/symbols/elf_file.h"

namespace thaw {

struct PltStub {
  uint64_t address = 0;  ///< as in the file
  uint64_t bytes = 0;
  std::string name;  ///< "memcpy@plt"
};

/// Those of an x86-64 file; empty for one without, or of another make.
std::vector<PltStub> plt_stubs(const ElfFile& file);

}  // namespace thaw
