// One step: what the kernel's own unwinder does (arch/x86/kernel/unwind_orc.c), from outside.
//
// Goal. Name everybody on a CPU's stack: the lock that an NMI spins on, the BPF program that waits
// there, and below the NMI the program that it interrupted.
//
// The ways to step, in order:
//  - ORC, for the kernel's own text. It crosses stack switches by itself: on the way into an
//    interrupt the kernel leaves the old stack pointer on the new stack, and an entry says so; an
//    exception or NMI leaves all registers (pt_regs), which are taken up as they lie there.
//  - the frame pointer, for code without an entry that keeps one: BPF programs.
//  - a search up the stack for the next word that looks like a return address (in a known function,
//    with a call in front of it), for code of modules, whose tables are elsewhere. Marked as a
//    guess; from there on ORC goes on.
//
// The obvious way, frame pointers alone, finds nothing: distribution kernels have none. Searching
// alone finds frames of calls that returned long ago.
//
// It ends at a user's registers, at an entry that says so, at memory that is not there, when a
// stack pointer moves nowhere, and after kMostFrames.

#include "harness/run/stacks/unwind.h"

#include <array>
#include <optional>

namespace lab {

namespace {

constexpr uint64_t kKernelHalf = uint64_t{1} << 63;
/// A task's stack is 16 KiB: as far as a search goes and a frame pointer may lie.
constexpr uint64_t kStackBytes = 16384;

// struct pt_regs of x86-64, in bytes.
constexpr uint64_t kRegsR13 = 16;
constexpr uint64_t kRegsBp = 32;
constexpr uint64_t kRegsR10 = 56;
constexpr uint64_t kRegsDx = 96;
constexpr uint64_t kRegsDi = 112;
constexpr uint64_t kRegsIp = 128;
constexpr uint64_t kRegsCs = 136;
constexpr uint64_t kRegsSp = 152;

bool is_kernel(uint64_t address) {
  return address >= kKernelHalf;
}

class Unwinder {
 public:
  Unwinder(const CpuRegisters& registers, const VirtualMemory& memory, const Symbols& symbols,
           const OrcTable* orc)
      : now_(registers), memory_(memory), symbols_(symbols), orc_(orc) {}
  std::vector<RawFrame> run();

 private:
  bool step();
  bool step_by(const OrcEntry& entry);
  bool step_by_call(uint64_t sp, const OrcEntry& entry);
  bool step_by_registers(uint64_t at, bool all);
  bool step_by_frame_pointer();
  bool step_by_search();
  std::optional<OrcEntry> entry_now() const;
  std::optional<uint64_t> base_of(const OrcEntry& entry) const;
  bool looks_called(uint64_t address) const;
  bool go(uint64_t ip, uint64_t sp);

  CpuRegisters now_;
  bool is_interrupted_ = true;
  bool is_guess_ = false;
  const VirtualMemory& memory_;
  const Symbols& symbols_;
  const OrcTable* orc_;
};

/// The word before a return address must end a call instruction: a direct one, or an indirect one
/// of two to seven bytes.
bool Unwinder::looks_called(uint64_t address) const {
  if (!is_kernel(address) || !symbols_.find(address - 1)) return false;
  std::array<std::byte, 7> before{};
  if (!memory_.read(address - before.size(), before)) return false;
  const auto byte = [&](size_t back) { return static_cast<uint8_t>(before[before.size() - back]); };
  if (byte(5) == 0xe8) return true;
  for (size_t length = 2; length <= before.size(); length++)
    if (byte(length) == 0xff && (byte(length - 1) & 0x38) == 0x10) return true;
  return false;
}

std::optional<OrcEntry> Unwinder::entry_now() const {
  // A return address may be the first byte of the next function.
  const uint64_t ip = is_interrupted_ ? now_.ip : now_.ip - 1;
  const auto place = symbols_.find(ip);
  // Beyond the kernel's own text the table's last entry speaks for nothing.
  if (!orc_ || !place || place->is_program) return std::nullopt;
  return orc_->find(ip);
}

std::optional<uint64_t> Unwinder::base_of(const OrcEntry& entry) const {
  const auto offset = static_cast<uint64_t>(int64_t{entry.sp_offset});
  switch (entry.sp_register) {
    case OrcRegister::sp:
      return now_.sp + offset;
    case OrcRegister::bp:
      return now_.bp + offset;
    case OrcRegister::r10:
      return now_.r10 + offset;
    case OrcRegister::r13:
      return now_.r13 + offset;
    case OrcRegister::di:
      return now_.di + offset;
    case OrcRegister::dx:
      return now_.dx + offset;
    case OrcRegister::bp_indirect:
      return memory_.word(now_.bp + offset);
    case OrcRegister::sp_indirect:
      // Up to v5.11 the offset came before the load; it was 0 there, so both are this.
      if (const auto stored = memory_.word(now_.sp)) return *stored + offset;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

bool Unwinder::go(uint64_t ip, uint64_t sp) {
  if (!is_kernel(ip) || !is_kernel(sp) || (ip == now_.ip && sp == now_.sp)) return false;
  now_.ip = ip;
  now_.sp = sp;
  return true;
}

bool Unwinder::step_by_call(uint64_t sp, const OrcEntry& entry) {
  const auto ip = memory_.word(sp - 8);
  if (!ip || !symbols_.find(*ip - 1)) return false;
  const auto bp_offset = static_cast<uint64_t>(int64_t{entry.bp_offset});
  std::optional<uint64_t> bp = now_.bp;
  if (entry.bp_register == OrcRegister::prev_sp) bp = memory_.word(sp + bp_offset);
  if (entry.bp_register == OrcRegister::bp) bp = memory_.word(now_.bp + bp_offset);
  if (!go(*ip, sp)) return false;
  now_.bp = bp.value_or(0);
  is_interrupted_ = false;
  return true;
}

/// `at`: where a pt_regs lies, or the part of it that the hardware pushed (ip, cs, flags, sp, ss).
bool Unwinder::step_by_registers(uint64_t at, bool all) {
  const uint64_t regs = all ? at : at - kRegsIp;
  const auto ip = memory_.word(regs + kRegsIp);
  const auto cs = memory_.word(regs + kRegsCs);
  const auto sp = memory_.word(regs + kRegsSp);
  constexpr uint64_t kUserRing = 3;
  if (!ip || !cs || !sp || (*cs & kUserRing) != 0 || !go(*ip, *sp)) return false;
  is_interrupted_ = true;
  if (!all) return true;
  now_.bp = memory_.word(regs + kRegsBp).value_or(0);
  now_.r10 = memory_.word(regs + kRegsR10).value_or(0);
  now_.r13 = memory_.word(regs + kRegsR13).value_or(0);
  now_.di = memory_.word(regs + kRegsDi).value_or(0);
  now_.dx = memory_.word(regs + kRegsDx).value_or(0);
  return true;
}

bool Unwinder::step_by(const OrcEntry& entry) {
  const auto sp = base_of(entry);
  if (!sp) return false;
  if (entry.type == OrcType::call) return step_by_call(*sp, entry);
  return step_by_registers(*sp, entry.type == OrcType::regs);
}

bool Unwinder::step_by_frame_pointer() {
  if (now_.bp < now_.sp || now_.bp - now_.sp >= kStackBytes) return false;
  return step_by_call(now_.bp + 16, kFramePointerEntry);
}

bool Unwinder::step_by_search() {
  for (uint64_t at = now_.sp & ~uint64_t{7}; at < (now_.sp | (kStackBytes - 1)); at += 8) {
    const auto word = memory_.word(at);
    if (!word) return false;
    if (!looks_called(*word)) continue;
    is_guess_ = true;
    is_interrupted_ = false;
    return go(*word, at + 8);
  }
  return false;
}

bool Unwinder::step() {
  is_guess_ = false;
  const auto entry = entry_now();
  if (!entry) return step_by_frame_pointer() || step_by_search();
  const bool is_end = entry->type == OrcType::end || entry->sp_register == OrcRegister::undefined;
  if (is_end) return false;
  if (step_by(*entry)) return true;
  // A user's registers, or the last return address of a thread: an end like any other.
  if (entry->type != OrcType::call) return false;
  return step_by_search();
}

std::vector<RawFrame> Unwinder::run() {
  std::vector<RawFrame> frames;
  if (now_.is_user || !is_kernel(now_.ip)) return frames;
  do {
    frames.push_back({now_.ip, now_.sp, is_interrupted_, is_guess_});
  } while (frames.size() < kMostFrames && step());
  return frames;
}

}  // namespace

std::vector<RawFrame> unwind(const CpuRegisters& registers, const VirtualMemory& memory,
                             const Symbols& symbols, const OrcTable* orc) {
  return Unwinder(registers, memory, symbols, orc).run();
}

}  // namespace lab
