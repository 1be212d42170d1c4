#pragma once
// Inlined functions and source lines, from DWARF.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "profiler/base/errors.h"

namespace thaw {

struct SourceFrame {
  std::string name;         ///< for people; "" when it is not told
  std::string file;         ///< where the function stands, as the compiler was told; "" unknown
  uint32_t first_line = 0;  ///< of the function; 0 unknown
  uint32_t line = 0;        ///< of the address, or of the call of what is inlined; 0 unknown
};

/// The DWARF of one file, mapped and read where it is asked for. Keeps the interval of every
/// compilation unit, and the functions and lines of those in which an address was. Used by one
/// thread.
class DebugInfo {
 public:
  /// Fails with Environment when the file cannot be read, or is compressed and too large to be
  /// unpacked in memory; with Corrupt when it has no DWARF that makes sense.
  static Result<DebugInfo> open(const std::filesystem::path& path);
  DebugInfo(DebugInfo&&) noexcept;
  ~DebugInfo();

  /// What is inlined at the address, innermost first, and last the function itself. Empty when no
  /// function of the debug information holds it.
  std::vector<SourceFrame> find(uint64_t address);

 private:
  struct State;
  explicit DebugInfo(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thaw
