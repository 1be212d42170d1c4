#pragma once
// The kernel's own unwind tables (CONFIG_UNWINDER_ORC), as they lie in its memory.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lab {

enum class OrcRegister : uint8_t {
  undefined = 0,
  prev_sp = 1,
  dx = 2,
  di = 3,
  bp = 4,
  sp = 5,
  r10 = 6,
  r13 = 7,
  bp_indirect = 8,
  sp_indirect = 9,
};

/// What lies at the found stack pointer: a return address below it, saved registers, or part of
/// them.
enum class OrcType : uint8_t { none, end, call, regs, regs_partial };

/// How to find the caller from one instruction.
struct OrcEntry {
  int16_t sp_offset = 0;
  int16_t bp_offset = 0;
  OrcRegister sp_register = OrcRegister::undefined;
  OrcRegister bp_register = OrcRegister::undefined;
  OrcType type = OrcType::none;
};

/// For code without an entry that keeps frame pointers: BPF programs do.
inline constexpr OrcEntry kFramePointerEntry{.sp_offset = 16,
                                             .bp_offset = -16,
                                             .sp_register = OrcRegister::bp,
                                             .bp_register = OrcRegister::prev_sp,
                                             .type = OrcType::call};

/// Immutable after parse().
class OrcTable {
 public:
  /// `ips`: the bytes of .orc_unwind_ip, which lies at `ips_address`; `entries`: those of
  /// .orc_unwind. Nothing when they do not look like such tables: not the same count, not sorted,
  /// or of no layout that is known.
  static std::optional<OrcTable> parse(std::span<const std::byte> ips, uint64_t ips_address,
                                       std::span<const std::byte> entries);

  /// The entry for an instruction; nothing before the first one and where the kernel says that it
  /// does not know.
  std::optional<OrcEntry> find(uint64_t ip) const;
  size_t size() const { return ips_.size(); }

 private:
  std::vector<uint64_t> ips_;
  std::vector<OrcEntry> entries_;
};

}  // namespace lab
