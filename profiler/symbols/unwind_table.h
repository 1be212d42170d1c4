#pragma once
// The unwind table of one ELF file: for each of its addresses, how to get from a frame to its
// caller.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/base/unique_fd.h"

struct unwind_row;  // wire/unwind.h

namespace thaw {

/// Rows made from .eh_frame, or from .debug_frame where that is all there is. Immutable after
/// open().
class UnwindTable {
 public:
  /// Takes the file. Fails with Corrupt when it is no ELF file of this machine. A file without
  /// unwind information has no rows, which is no error; damaged information ends where the damage
  /// begins.
  static Result<UnwindTable> open(UniqueFd file, const std::string& name);
  /// Of the vDSO, which every process of this kernel has and no file is: read from this process.
  static Result<UnwindTable> of_vdso();

  UnwindTable(UnwindTable&&) noexcept;
  UnwindTable& operator=(UnwindTable&&) noexcept;
  ~UnwindTable();

  /// By pc, each valid up to the next. Where code without information lies between functions, a
  /// row says so.
  const std::vector<unwind_row>& rows() const { return rows_; }
  /// Gives the rows away; the table then only knows its segments.
  std::vector<unwind_row> take_rows() { return std::move(rows_); }
  /// The address in the file of what is mapped from `file_offset` on, a page's; nothing where the
  /// file has no code.
  std::optional<uint64_t> address_of_page(uint64_t file_offset) const;
  /// Addresses whose rule does not fit into a row: they end a stack as `unsupported`.
  uint64_t unsupported_bytes() const { return unsupported_bytes_; }

 private:
  friend class UnwindTableReader;
  UnwindTable();

  struct Segment {
    uint64_t file_offset;
    uint64_t bytes;
    uint64_t address;
  };
  std::vector<Segment> segments_;
  std::vector<unwind_row> rows_;
  uint64_t unsupported_bytes_ = 0;
};

}  // namespace thaw
