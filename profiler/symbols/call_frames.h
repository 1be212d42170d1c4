#pragma once
// Call frame instructions (DWARF 5, section 6.4) run for one function: what its rows are.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

struct unwind_row;  // wire/unwind.h

namespace thaw {

/// What a function's rules have in common (a CIE), as far as rows need it.
struct CallFrameBasis {
  uint64_t code_alignment = 1;
  int64_t data_alignment = -8;
  uint64_t return_register = 16;
  bool is_signal_frame = false;
  uint8_t pointer_encoding = 0;  ///< DW_EH_PE_*, of addresses in the instructions too
  std::span<const uint8_t> initial;
};

/// Appends the rows of the function [start, end), the first of them at `start`. Instructions that
/// are damaged or not known end it: from there on its rows are UNWIND_UNSUPPORTED. Pure.
void append_rows(const CallFrameBasis& basis, std::span<const uint8_t> instructions, uint64_t start,
                 uint64_t end, std::vector<unwind_row>& rows);

}  // namespace thaw
