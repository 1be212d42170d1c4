#pragma once
// The symbol tables of one ELF file: which function an address of it lies in.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/symbols/debug_file.h"
#include "profiler/symbols/elf_file.h"
#include "profiler/symbols/frame_starts.h"

namespace thaw {

struct ElfSymbol {
  uint64_t address = 0;   ///< as in the file, before it is loaded somewhere
  uint64_t bytes = 0;     ///< where it is not told: to the end of its section
  std::string_view name;  ///< mangled
};

/// Reads .symtab and .dynsym of a file, the stubs that it calls others through, the symbols that
/// distributions pack into .gnu_debugdata, and .symtab of its separate debug file where there is
/// one (debug_file.h). What it returns points into it, until add_debug_file().
class ElfImage {
 public:
  /// Fails with Environment when the file cannot be read, with Corrupt when it is no ELF file. A
  /// file without symbols is no error.
  static Result<ElfImage> open(const std::filesystem::path& path);
  static Result<ElfImage> open(const ImagePlace& place);
  /// The code that the running kernel maps into every process. Fails with Environment when it maps
  /// none.
  static Result<ElfImage> of_vdso();
  /// The build-id of a file alone; "" when it has none, or is no file that can be read.
  static std::string build_id_of(const std::filesystem::path& path);

  /// Symbols and debug information of one more file that belongs to this one.
  void add_debug_file(const std::filesystem::path& path);

  /// Hexadecimal; "" without one.
  const std::string& build_id() const { return build_id_; }
  /// The file with its DWARF, this or another; empty without one.
  const std::filesystem::path& debug_info() const { return debug_info_; }
  /// The address in the file of what lies at `file_offset`; nothing outside of its segments.
  std::optional<uint64_t> address_of(uint64_t file_offset) const;
  /// The function that holds the address.
  std::optional<ElfSymbol> find(uint64_t address) const;
  /// From where to where the function goes, for code without a symbol.
  std::optional<CodeRange> find_nameless(uint64_t address) const { return starts_.find(address); }
  size_t symbols() const { return symbols_.size(); }

 private:
  friend class SymbolReader;

  struct Entry {
    uint64_t address;
    uint32_t bytes;
    uint32_t name_at;
    uint8_t rank;  ///< of several names for one address: the lower, the better
  };
  void read(const ElfFile& file);
  void add(uint64_t address, uint64_t bytes, std::string_view name, uint8_t rank);
  bool is_before_signal_return(const Entry& next, uint64_t address) const;
  std::string_view name_of(const Entry& entry) const { return names_.c_str() + entry.name_at; }

  std::string build_id_;
  std::filesystem::path debug_info_;
  std::vector<ElfSegment> segments_;
  std::vector<Entry> symbols_;  ///< by address, one per address
  std::string names_;           ///< each ends in \0
  FrameStarts starts_;
};

}  // namespace thaw
