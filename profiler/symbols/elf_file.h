#pragma once
// An ELF file open for reading: what libelf leaves to be done with care.

#include <gelf.h>
#include <libelf.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

namespace thaw {

/// Which piece of a file is loaded where; addresses are those in the file.
struct ElfSegment {
  uint64_t file_offset = 0;
  uint64_t bytes = 0;
  uint64_t address = 0;
};

/// Owns the descriptor and libelf's state. What it returns points into it. Used by one thread.
class ElfFile {
 public:
  enum class Access {
    read,    ///< safe from whoever cuts the file meanwhile
    mapped,  ///< for files whose contents do not fit into memory
  };
  /// Fails with Environment when the file cannot be read, with Corrupt when it is no ELF file.
  static Result<ElfFile> open(const std::filesystem::path& path, Access access = Access::read);
  /// One that is in memory already, which must outlive it. `name` is for messages.
  static Result<ElfFile> in_memory(std::string_view bytes, std::string_view name);

  Elf* elf() const { return elf_.get(); }
  /// Hexadecimal; "" without one.
  std::string build_id() const;
  std::vector<ElfSegment> segments() const;
  /// Of the section with this name; empty without one.
  std::string_view section(std::string_view name) const;
  /// The same as libelf has it, and where it is loaded; null without one.
  Elf_Data* section_data(std::string_view name, uint64_t& address) const;
  /// Whether that section is there and has something in it.
  bool has_section(std::string_view name) const;

 private:
  struct Closer {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  ElfFile(UniqueFd fd, Elf* elf) : fd_(std::move(fd)), elf_(elf) {}
  Elf_Scn* find_section(std::string_view name) const;

  UniqueFd fd_;
  std::unique_ptr<Elf, Closer> elf_;
};

}  // namespace thaw
