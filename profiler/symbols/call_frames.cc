// A small machine for call frame instructions. Of all registers it follows what a row can hold: the
// frame address (CFA), the return address and rbp. A rule that a row cannot hold becomes
// UNWIND_UNSUPPORTED, so that unwinding stops there and says so, instead of going astray.
//
// Expressions are compared with the few that are really written: that of a PLT stub (twice the same
// code with the push at another byte), a frame address that was stored in memory by a function that
// aligns its stack, and the kernel's signal frame.

#include "profiler/symbols/call_frames.h"

#include <dwarf.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "profiler/wire/unwind.h"

namespace thaw {

namespace {

// x86-64's numbers of registers, System V ABI, figure 3.36.
constexpr uint64_t kRbp = 6;
constexpr uint64_t kRsp = 7;

/// Bytes of instructions, read from the front.
class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool is_empty() const { return rest_.empty(); }
  std::span<const uint8_t> take(uint64_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  template <class T>
  T fixed() {
    T value{};
    const auto bytes = take(sizeof value);
    if (ok_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  uint64_t uleb() { return leb(false); }
  int64_t sleb() { return static_cast<int64_t>(leb(true)); }
  std::span<const uint8_t> block() { return take(uleb()); }

 private:
  uint64_t leb(bool is_signed) {
    uint64_t value = 0;
    for (int shift = 0; ok_; shift += 7) {
      const auto byte = fixed<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) != 0) continue;
      if (is_signed && (byte & 0x40) != 0 && shift + 7 < 64) value |= ~uint64_t{0} << (shift + 7);
      break;
    }
    return value;
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

/// How one register of the caller is found.
struct Rule {
  enum Kind { same, undefined, at_offset, at_rbp, other } kind = same;
  int64_t offset = 0;  ///< from the CFA
};

struct State {
  uint64_t cfa_register = kRsp;
  int64_t cfa_offset = 8;
  std::span<const uint8_t> cfa_expression;  ///< instead, when not empty
  Rule rbp;
  Rule ra{Rule::at_offset, -8};
};

std::optional<unwind_row> plt_row(std::span<const uint8_t> code) {
  // breg7 8, breg16 0, lit15, and, litN, ge, lit3, shl, plus: 8 more from byte N of the stub on.
  constexpr uint8_t kPlt[] = {DW_OP_breg7, 8, DW_OP_breg16, 0,          DW_OP_lit15,
                              DW_OP_and,   0, DW_OP_ge,     DW_OP_lit3, DW_OP_shl,
                              DW_OP_plus};
  if (code.size() != sizeof kPlt) return std::nullopt;
  for (size_t i = 0; i < sizeof kPlt; i++)
    if (i != 6 && code[i] != kPlt[i]) return std::nullopt;
  if (code[6] < DW_OP_lit0 || code[6] > DW_OP_lit15) return std::nullopt;
  return unwind_row{
      .pc = 0, .cfa = static_cast<uint16_t>(code[6] - DW_OP_lit0), .rbp = 0, .rule = UNWIND_PLT};
}

/// bregN a, deref [, plus_uconst b]: *(register + a) + b.
std::optional<unwind_row> dereference_row(std::span<const uint8_t> code) {
  Bytes bytes(code);
  const auto base = bytes.fixed<uint8_t>();
  const int64_t inner = bytes.sleb();
  if ((base != DW_OP_breg6 && base != DW_OP_breg7) || bytes.fixed<uint8_t>() != DW_OP_deref)
    return std::nullopt;
  int64_t outer = 0;
  if (!bytes.is_empty() && bytes.fixed<uint8_t>() == DW_OP_plus_uconst)
    outer = static_cast<int64_t>(bytes.uleb());
  const auto fits = [](int64_t value) { return value % 8 == 0 && value / 8 == int8_t(value / 8); };
  if (!bytes.ok() || !bytes.is_empty() || !fits(inner) || !fits(outer)) return std::nullopt;
  return unwind_row{
      .pc = 0,
      .cfa = static_cast<uint16_t>(uint8_t(inner / 8) | uint8_t(outer / 8) << 8),
      .rbp = 0,
      .rule = static_cast<uint8_t>(base == DW_OP_breg6 ? UNWIND_DEREF_RBP : UNWIND_DEREF_RSP)};
}

constexpr unwind_row kUnsupported{.pc = 0, .cfa = 0, .rbp = 0, .rule = UNWIND_UNSUPPORTED};

unwind_row cfa_row(const State& state) {
  if (!state.cfa_expression.empty()) {
    if (const auto plt = plt_row(state.cfa_expression)) return *plt;
    return dereference_row(state.cfa_expression).value_or(kUnsupported);
  }
  const int64_t words = state.cfa_offset / 8;
  if (state.cfa_offset % 8 != 0) return kUnsupported;
  if (state.cfa_register == kRsp && words == static_cast<uint16_t>(words))
    return {.pc = 0, .cfa = static_cast<uint16_t>(words), .rbp = 0, .rule = UNWIND_RSP};
  if (state.cfa_register == kRbp && words == static_cast<int16_t>(words))
    return {.pc = 0, .cfa = static_cast<uint16_t>(words), .rbp = 0, .rule = UNWIND_RBP};
  return kUnsupported;
}

uint8_t rbp_of(const Rule& rule) {
  const int64_t words = -rule.offset / 8;
  switch (rule.kind) {
    case Rule::same:
      return UNWIND_RBP_SAME;
    case Rule::at_rbp:
      return UNWIND_RBP_AT_RBP;
    case Rule::at_offset:
      if (rule.offset % 8 == 0 && words > 0 && words < UNWIND_RBP_LOST)
        return static_cast<uint8_t>(words);
      return UNWIND_RBP_LOST;
    default:
      return UNWIND_RBP_LOST;
  }
}

unwind_row row_of(const State& state, bool is_signal_frame) {
  if (state.ra.kind == Rule::undefined) return {.pc = 0, .cfa = 0, .rbp = 0, .rule = UNWIND_END};
  if (is_signal_frame) return {.pc = 0, .cfa = 0, .rbp = 0, .rule = UNWIND_SIGNAL};
  if (state.ra.kind != Rule::at_offset || state.ra.offset != -8) return kUnsupported;
  unwind_row row = cfa_row(state);
  if (row.rule != UNWIND_UNSUPPORTED) row.rbp = rbp_of(state.rbp);
  return row;
}

class Machine {
 public:
  Machine(const CallFrameBasis& basis, uint64_t start, uint64_t end, std::vector<unwind_row>& rows)
      : basis_(basis), pc_(start), end_(end), first_(rows.size()), rows_(rows) {}
  void run(std::span<const uint8_t> instructions);

 private:
  bool execute(Bytes& bytes);
  bool execute_extended(uint8_t operation, Bytes& bytes);
  bool define_cfa(uint8_t operation, Bytes& bytes);
  void advance(uint64_t units);
  void emit(unwind_row row);
  int64_t factored(int64_t offset) const { return offset * basis_.data_alignment; }
  void set(uint64_t number, Rule rule);
  void restore(uint64_t number);
  static Rule expression(std::span<const uint8_t> code);
  bool set_location(Bytes& bytes);

  const CallFrameBasis& basis_;
  uint64_t pc_;
  uint64_t end_;
  size_t first_;  ///< of this function's rows
  std::vector<unwind_row>& rows_;
  State state_;
  State initial_;
  std::vector<State> saved_;
};

/// The state so far is that of [pc_, next address).
void Machine::emit(unwind_row row) {
  row.pc = static_cast<uint32_t>(pc_);
  if (rows_.size() > first_ && rows_.back().pc == row.pc) rows_.pop_back();
  rows_.push_back(row);
}

void Machine::advance(uint64_t units) {
  const uint64_t next = pc_ + units * basis_.code_alignment;
  if (next == pc_) return;
  emit(row_of(state_, basis_.is_signal_frame));
  pc_ = std::min(next, end_);
}

void Machine::set(uint64_t number, Rule rule) {
  if (number == kRbp) state_.rbp = rule;
  if (number == basis_.return_register) state_.ra = rule;
}

void Machine::restore(uint64_t number) {
  if (number == kRbp) state_.rbp = initial_.rbp;
  if (number == basis_.return_register) state_.ra = initial_.ra;
}

Rule Machine::expression(std::span<const uint8_t> code) {
  const bool is_at_rbp = code.size() == 2 && code[0] == DW_OP_breg6 && code[1] == 0;
  return {is_at_rbp ? Rule::at_rbp : Rule::other, 0};
}

bool Machine::define_cfa(uint8_t operation, Bytes& bytes) {
  if (operation == DW_CFA_def_cfa_expression) {
    state_.cfa_expression = bytes.block();
    return bytes.ok();
  }
  if (operation != DW_CFA_def_cfa_offset && operation != DW_CFA_def_cfa_offset_sf)
    state_.cfa_register = bytes.uleb();
  if (operation == DW_CFA_def_cfa || operation == DW_CFA_def_cfa_offset)
    state_.cfa_offset = static_cast<int64_t>(bytes.uleb());
  if (operation == DW_CFA_def_cfa_sf || operation == DW_CFA_def_cfa_offset_sf)
    state_.cfa_offset = factored(bytes.sleb());
  if (operation == DW_CFA_def_cfa || operation == DW_CFA_def_cfa_sf) state_.cfa_expression = {};
  return bytes.ok();
}

bool Machine::set_location(Bytes& bytes) {
  // Nobody writes it but old assemblers, as a plain address.
  if ((basis_.pointer_encoding & 0x7f) != DW_EH_PE_absptr) return false;
  const auto address = bytes.fixed<uint64_t>();
  if (!bytes.ok() || address < pc_) return false;
  emit(row_of(state_, basis_.is_signal_frame));
  pc_ = std::min(address, end_);
  return true;
}

bool Machine::execute_extended(uint8_t operation, Bytes& bytes) {
  uint64_t number = 0;
  switch (operation) {
    case DW_CFA_nop:
      return true;
    case DW_CFA_set_loc:
      return set_location(bytes);
    case DW_CFA_advance_loc1:
      advance(bytes.fixed<uint8_t>());
      return bytes.ok();
    case DW_CFA_advance_loc2:
      advance(bytes.fixed<uint16_t>());
      return bytes.ok();
    case DW_CFA_advance_loc4:
      advance(bytes.fixed<uint32_t>());
      return bytes.ok();
    case DW_CFA_offset_extended:
      number = bytes.uleb();
      set(number, {Rule::at_offset, factored(static_cast<int64_t>(bytes.uleb()))});
      return bytes.ok();
    case DW_CFA_offset_extended_sf:
      number = bytes.uleb();
      set(number, {Rule::at_offset, factored(bytes.sleb())});
      return bytes.ok();
    case DW_CFA_GNU_negative_offset_extended:
      number = bytes.uleb();
      set(number, {Rule::at_offset, -factored(static_cast<int64_t>(bytes.uleb()))});
      return bytes.ok();
    case DW_CFA_restore_extended:
      restore(bytes.uleb());
      return bytes.ok();
    case DW_CFA_undefined:
      set(bytes.uleb(), {Rule::undefined, 0});
      return bytes.ok();
    case DW_CFA_same_value:
      set(bytes.uleb(), {Rule::same, 0});
      return bytes.ok();
    case DW_CFA_register:
    case DW_CFA_val_offset:
    case DW_CFA_val_offset_sf:
      set(bytes.uleb(), {Rule::other, 0});
      bytes.uleb();
      return bytes.ok();
    case DW_CFA_expression:
      number = bytes.uleb();
      set(number, expression(bytes.block()));
      return bytes.ok();
    case DW_CFA_val_expression:
      set(bytes.uleb(), {Rule::other, 0});
      bytes.block();
      return bytes.ok();
    case DW_CFA_remember_state:
      saved_.push_back(state_);
      return true;
    case DW_CFA_restore_state:
      if (saved_.empty()) return false;
      state_ = saved_.back();
      saved_.pop_back();
      return true;
    case DW_CFA_GNU_args_size:
      bytes.uleb();
      return bytes.ok();
    default:
      return define_cfa(operation, bytes);
  }
}

bool is_definition_of_cfa(uint8_t operation) {
  return operation == DW_CFA_def_cfa || operation == DW_CFA_def_cfa_sf ||
         operation == DW_CFA_def_cfa_register || operation == DW_CFA_def_cfa_offset ||
         operation == DW_CFA_def_cfa_offset_sf || operation == DW_CFA_def_cfa_expression;
}

bool is_known(uint8_t operation) {
  return operation <= DW_CFA_remember_state || operation == DW_CFA_restore_state ||
         is_definition_of_cfa(operation) || operation == DW_CFA_expression ||
         operation == DW_CFA_offset_extended_sf || operation == DW_CFA_val_offset ||
         operation == DW_CFA_val_offset_sf || operation == DW_CFA_val_expression ||
         operation == DW_CFA_GNU_args_size || operation == DW_CFA_GNU_negative_offset_extended;
}

bool Machine::execute(Bytes& bytes) {
  const auto operation = bytes.fixed<uint8_t>();
  const uint8_t operand = operation & 0x3f;
  switch (operation & 0xc0) {
    case DW_CFA_advance_loc:
      advance(operand);
      return true;
    case DW_CFA_offset:
      set(operand, {Rule::at_offset, factored(static_cast<int64_t>(bytes.uleb()))});
      return bytes.ok();
    case DW_CFA_restore:
      restore(operand);
      return true;
    default:
      return is_known(operation) && execute_extended(operation, bytes);
  }
}

void Machine::run(std::span<const uint8_t> instructions) {
  bool is_sound = true;
  for (Bytes bytes(basis_.initial); is_sound && !bytes.is_empty();) is_sound = execute(bytes);
  initial_ = state_;
  for (Bytes bytes(instructions); is_sound && !bytes.is_empty();) is_sound = execute(bytes);
  if (pc_ < end_) emit(is_sound ? row_of(state_, basis_.is_signal_frame) : kUnsupported);
}

}  // namespace

void append_rows(const CallFrameBasis& basis, std::span<const uint8_t> instructions, uint64_t start,
                 uint64_t end, std::vector<unwind_row>& rows) {
  Machine(basis, start, end, rows).run(instructions);
}

}  // namespace thaw
