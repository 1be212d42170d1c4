// call_frames.h: instructions as compilers and the C library write them, and what cannot be a row.

#include "profiler/symbols/call_frames.h"

#include <dwarf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profiler/wire/unwind.h"

namespace thaw {
namespace {

using Code = std::vector<uint8_t>;

std::vector<std::string> rows_of(const Code& instructions, bool is_signal_frame = false,
                                 uint64_t end = 0x1100) {
  // As every compiler's CIE begins: CFA = rsp + 8, return address at CFA - 8.
  static const Code kInitial = {DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1};
  const CallFrameBasis basis{.is_signal_frame = is_signal_frame, .initial = kInitial};
  std::vector<unwind_row> rows;
  append_rows(basis, instructions, 0x1000, end, rows);
  std::vector<std::string> texts;
  for (const unwind_row& row : rows)
    texts.push_back(fmt::format("{:x}: rule {} cfa {} rbp {}", row.pc, row.rule,
                                static_cast<int16_t>(row.cfa), row.rbp));
  return texts;
}

TEST(CallFrames, OfAFunctionThatKeepsRbp) {
  EXPECT_THAT(rows_of({DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 6, 2,
                       DW_CFA_advance_loc | 3, DW_CFA_def_cfa_register, 6, DW_CFA_advance_loc | 32,
                       DW_CFA_def_cfa, 7, 8, DW_CFA_restore | 6}),
              testing::ElementsAre("1000: rule 1 cfa 1 rbp 0", "1001: rule 1 cfa 2 rbp 2",
                                   "1004: rule 2 cfa 2 rbp 2", "1024: rule 1 cfa 1 rbp 0"));
}

TEST(CallFrames, RememberAndRestoreAroundAnEarlyReturn) {
  EXPECT_THAT(rows_of({DW_CFA_advance_loc | 4, DW_CFA_def_cfa_offset, 0x90, 1, DW_CFA_advance_loc1,
                       0x40, DW_CFA_remember_state, DW_CFA_def_cfa_offset, 8,
                       DW_CFA_advance_loc | 1, DW_CFA_restore_state}),
              testing::ElementsAre("1000: rule 1 cfa 1 rbp 0", "1004: rule 1 cfa 18 rbp 0",
                                   "1044: rule 1 cfa 1 rbp 0", "1045: rule 1 cfa 18 rbp 0"));
}

TEST(CallFrames, OfTheEntryHaveNoCaller) {
  EXPECT_THAT(rows_of({DW_CFA_undefined, 16}), testing::ElementsAre("1000: rule 5 cfa 0 rbp 0"));
}

TEST(CallFrames, OfAPltStub) {
  for (const uint8_t push : {10, 11}) {
    const Code plt = {DW_CFA_def_cfa_expression,
                      11,
                      DW_OP_breg7,
                      8,
                      DW_OP_breg16,
                      0,
                      DW_OP_lit15,
                      DW_OP_and,
                      static_cast<uint8_t>(DW_OP_lit0 + push),
                      DW_OP_ge,
                      DW_OP_lit3,
                      DW_OP_shl,
                      DW_OP_plus};
    EXPECT_THAT(rows_of(plt), testing::ElementsAre(fmt::format("1000: rule 3 cfa {} rbp 0", push)));
  }
}

TEST(CallFrames, OfAFunctionThatAlignsItsStack) {
  // CFA = *(rbp - 8), rbp = *rbp.
  EXPECT_THAT(rows_of({DW_CFA_def_cfa_expression, 3, DW_OP_breg6, 0x78, DW_OP_deref,
                       DW_CFA_expression, 6, 2, DW_OP_breg6, 0}),
              testing::ElementsAre("1000: rule 7 cfa 255 rbp 255"));
}

TEST(CallFrames, OfTheReturnFromASignal) {
  EXPECT_THAT(rows_of({DW_CFA_def_cfa_expression, 4, DW_OP_breg7, 0xa0, 1, DW_OP_deref}, true),
              testing::ElementsAre("1000: rule 4 cfa 0 rbp 0"));
}

TEST(CallFrames, ThatNoRowCanHoldAreUnsupported) {
  const Code others[] = {
      {DW_CFA_def_cfa_register, 10},                   // CFA in r10
      {DW_CFA_def_cfa_offset, 12},                     // no multiple of 8
      {DW_CFA_def_cfa_expression, 2, DW_OP_breg3, 0},  // *(rbx)
      {DW_CFA_offset | 16, 2},                         // return address elsewhere
      {DW_CFA_register, 16, 2},                        // or in rcx
  };
  for (const Code& code : others)
    EXPECT_THAT(rows_of(code), testing::ElementsAre(testing::HasSubstr("rule 8"))) << int{code[0]};
}

TEST(CallFrames, ThatLoseRbpSaySo) {
  EXPECT_THAT(rows_of({DW_CFA_offset_extended, 6, 0xff, 0x7f}),
              testing::ElementsAre("1000: rule 1 cfa 1 rbp 254"));
  EXPECT_THAT(rows_of({DW_CFA_undefined, 6}), testing::ElementsAre("1000: rule 1 cfa 1 rbp 254"));
}

TEST(CallFrames, ThatAreDamagedEndAsUnsupported) {
  const Code damaged[] = {{DW_CFA_advance_loc | 8, 0x3f},
                          {DW_CFA_advance_loc | 8, DW_CFA_restore_state},
                          {DW_CFA_advance_loc | 8, DW_CFA_def_cfa_expression, 200, 1},
                          {DW_CFA_advance_loc | 8, DW_CFA_offset_extended, 0x80}};
  for (const Code& code : damaged)
    EXPECT_THAT(rows_of(code), testing::ElementsAre("1000: rule 1 cfa 1 rbp 0",
                                                    testing::HasSubstr("1008: rule 8")));
}

TEST(CallFrames, StayWithinTheirFunction) {
  EXPECT_THAT(rows_of({DW_CFA_advance_loc4, 0xff, 0xff, 0xff, 0x7f, DW_CFA_def_cfa_offset, 16}),
              testing::ElementsAre("1000: rule 1 cfa 1 rbp 0"));
}

}  // namespace
}  // namespace thaw
