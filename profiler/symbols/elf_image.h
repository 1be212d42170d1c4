#pragma once
// The symbol tables of one ELF file: which function an address of it lies in.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace thaw {

struct ElfSymbol {
  uint64_t address = 0;   ///< as in the file, before it is loaded somewhere
  uint64_t bytes = 0;     ///< where it is not told: to the end of its section
  std::string_view name;  ///< mangled
};

/// Reads .symtab and .dynsym of a file, and .symtab of its separate debug file where one is
/// installed (/usr/lib/debug/.build-id). Immutable after open(); what it returns points into it.
class ElfImage {
 public:
  /// Fails with Environment when the file cannot be read, with Corrupt when it is no ELF file. A
  /// file without symbols is no error.
  static Result<ElfImage> open(const std::filesystem::path& path);
  /// The build-id of a file alone; "" when it has none, or is no file that can be read.
  static std::string build_id_of(const std::filesystem::path& path);

  /// Hexadecimal; "" without one.
  const std::string& build_id() const { return build_id_; }
  /// The address in the file of what lies at `file_offset`; nothing outside of its segments.
  std::optional<uint64_t> address_of(uint64_t file_offset) const;
  /// The function that holds the address.
  std::optional<ElfSymbol> find(uint64_t address) const;
  size_t symbols() const { return symbols_.size(); }

 private:
  friend class ElfReader;

  struct Segment {
    uint64_t file_offset;
    uint64_t bytes;
    uint64_t address;
  };
  struct Entry {
    uint64_t address;
    uint32_t bytes;
    uint32_t name_at;
    uint8_t rank;  ///< of several names for one address: the lower, the better
  };
  std::string_view name_of(const Entry& entry) const { return names_.c_str() + entry.name_at; }

  std::string build_id_;
  std::vector<Segment> segments_;
  std::vector<Entry> symbols_;  ///< by address, one per address
  std::string names_;           ///< each ends in \0
};

}  // namespace thaw
