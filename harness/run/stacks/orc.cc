// .orc_unwind_ip holds 32-bit distances from each element to the instruction, sorted by it;
// .orc_unwind holds six bytes for each: two signed offsets, then two bytes of bit fields.
//
//   up to v6.2  sp register 4 bits, bp register 4, type 2, end 1; types call 0, regs 1, partial 2
//   v6.3        the same, with `signal` before `end`: Linux kernel commit ffb1b4a41016
//               ("x86/unwind/orc: Add 'signal' field to ORC metadata")
//   from v6.4   type 3 bits, signal 1; types undefined 0, end of stack 1, call 2, regs 3, partial
//               4: Linux kernel commit fb799447ae29 ("x86,objtool: Split UNWIND_HINT_EMPTY in two")
//
// Which one it is the table tells: nearly every entry is for code between calls, with the stack
// pointer as its base, and of type `call`. In the older layouts that is a 0 in the type bits, in
// the newer one a 2. A table in which neither is the rule is not understood.

#include "harness/run/stacks/orc.h"

#include <algorithm>
#include <cstring>

namespace lab {

namespace {

constexpr size_t kEntryBytes = 6;

struct Raw {
  int16_t sp_offset = 0;
  int16_t bp_offset = 0;
  uint8_t registers = 0;
  uint8_t kind = 0;
};

Raw raw_at(std::span<const std::byte> entries, size_t index) {
  const std::byte* at = entries.data() + index * kEntryBytes;
  Raw raw;
  std::memcpy(&raw.sp_offset, at, 2);
  std::memcpy(&raw.bp_offset, at + 2, 2);
  raw.registers = static_cast<uint8_t>(at[4]);
  raw.kind = static_cast<uint8_t>(at[5]);
  return raw;
}

enum class Layout { unknown, to_v6_3, from_v6_4 };

Layout layout_of(std::span<const std::byte> entries) {
  size_t plain = 0;
  size_t zeros = 0;
  size_t twos = 0;
  for (size_t i = 0; i < entries.size() / kEntryBytes; i++) {
    const Raw raw = raw_at(entries, i);
    if ((raw.registers & 0xf) != static_cast<uint8_t>(OrcRegister::sp) || raw.sp_offset <= 0)
      continue;
    plain++;
    zeros += (raw.kind & 7) == 0;
    twos += (raw.kind & 7) == 2;
  }
  if (10 * zeros > 9 * plain) return Layout::to_v6_3;
  if (10 * twos > 9 * plain) return Layout::from_v6_4;
  return Layout::unknown;
}

OrcType type_of(const Raw& raw, Layout layout) {
  static constexpr OrcType kOld[] = {OrcType::call, OrcType::regs, OrcType::regs_partial,
                                     OrcType::none};
  static constexpr OrcType kNew[] = {OrcType::none, OrcType::end,          OrcType::call,
                                     OrcType::regs, OrcType::regs_partial, OrcType::none,
                                     OrcType::none, OrcType::none};
  return layout == Layout::to_v6_3 ? kOld[raw.kind & 3] : kNew[raw.kind & 7];
}

OrcEntry decode(const Raw& raw, Layout layout) {
  return {.sp_offset = raw.sp_offset,
          .bp_offset = raw.bp_offset,
          .sp_register = static_cast<OrcRegister>(raw.registers & 0xf),
          .bp_register = static_cast<OrcRegister>(raw.registers >> 4),
          .type = type_of(raw, layout)};
}

}  // namespace

std::optional<OrcTable> OrcTable::parse(std::span<const std::byte> ips, uint64_t ips_address,
                                        std::span<const std::byte> entries) {
  const size_t count = ips.size() / 4;
  if (count == 0 || ips.size() % 4 != 0 || entries.size() != count * kEntryBytes)
    return std::nullopt;
  const Layout layout = layout_of(entries);
  if (layout == Layout::unknown) return std::nullopt;
  OrcTable table;
  table.ips_.reserve(count);
  table.entries_.reserve(count);
  for (size_t i = 0; i < count; i++) {
    int32_t distance = 0;
    std::memcpy(&distance, ips.data() + 4 * i, 4);
    table.ips_.push_back(ips_address + 4 * i + static_cast<uint64_t>(int64_t{distance}));
    table.entries_.push_back(decode(raw_at(entries, i), layout));
  }
  if (!std::ranges::is_sorted(table.ips_)) return std::nullopt;
  return table;
}

std::optional<OrcEntry> OrcTable::find(uint64_t ip) const {
  const auto after = std::ranges::upper_bound(ips_, ip);
  if (after == ips_.begin()) return std::nullopt;
  const OrcEntry& entry = entries_[static_cast<size_t>(after - ips_.begin()) - 1];
  if (entry.type == OrcType::none) return std::nullopt;
  return entry;
}

}  // namespace lab
