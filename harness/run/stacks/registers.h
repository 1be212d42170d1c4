#pragma once
// The registers of every CPU, from the text in which QEMU's monitor gives them.

#include <cstdint>
#include <string_view>
#include <vector>

namespace lab {

/// One CPU of a stopped guest.
struct CpuRegisters {
  uint32_t cpu = 0;
  uint64_t ip = 0;
  uint64_t sp = 0;
  uint64_t bp = 0;
  uint64_t dx = 0;
  uint64_t di = 0;
  uint64_t r10 = 0;
  uint64_t r13 = 0;
  uint64_t flags = 0;
  uint64_t gs_base = 0;  ///< in the kernel, the base of this CPU's variables
  uint64_t cr3 = 0;
  bool la57 = false;       ///< five levels of page tables
  bool is_user = false;    ///< it runs a program, not the kernel
  bool is_halted = false;  ///< it waits for an interrupt

  bool interrupts_on() const { return (flags & (1 << 9)) != 0; }
};

/// What `info registers -a` printed. CPUs whose instruction pointer cannot be read are left out.
std::vector<CpuRegisters> parse_registers(std::string_view text);

}  // namespace lab
