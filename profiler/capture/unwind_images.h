#pragma once
// The unwind tables of files that processes have mapped, each read once.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profiler/capture/unwind_maps.h"
#include "profiler/store/images.h"
#include "profiler/symbols/unwind_table.h"

namespace thaw {

/// A file's rows: where there are maps, in them; else here.
struct UnwindImage {
  /// No ELF file: code that a program generated, taken to keep frame pointers.
  bool is_generated = false;
  std::optional<UnwindTable> table;  ///< without its rows; absent: not readable, or generated
  std::vector<unwind_row> own_rows;
  std::vector<RowPiece> pieces;
};

/// Finds the file behind a mapping while the process lives, or at its path when it does not, and
/// reads its table. Used by one thread.
class UnwindImages {
 public:
  /// `maps` may be null; it must outlive this.
  explicit UnwindImages(UnwindMaps* maps) : maps_(maps) {}

  /// Never null; an image without a table when the file cannot be read. Reads the file when it is
  /// seen first: a millisecond for the C library, tens of them for the largest.
  const UnwindImage* of(const Mapping& mapping);

 private:
  const UnwindImage* of_file(UniqueFd file, const Mapping& mapping);
  const UnwindImage* keep(const std::string& key, Result<UnwindTable> table);

  UnwindMaps* maps_;
  std::map<std::string, std::unique_ptr<UnwindImage>>
      images_;  ///< by build-id, or device and inode
  UnwindImage unreadable_;
  UnwindImage generated_{.is_generated = true, .table = {}, .own_rows = {}, .pieces = {}};
};

}  // namespace thaw
