#pragma once
// How the agent speaks to the oracle outside of its guest: by executing an instruction that does
// nothing. The processor skips it, and so does the guest where no oracle listens: a run with the
// oracle and one without execute the same instructions.
//
// Shared by the agent (inside) and the plugin (outside); plain structs of fixed layout.

#include <cstdint>

namespace lab::oracle {

enum class Mark : uint64_t {
  layout = 1,  ///< argument: address of a Layout
  begin = 2,   ///< argument: CLOCK_MONOTONIC, ns; counting begins
  slice = 3,   ///< argument: CLOCK_MONOTONIC, ns; a slice of time ends
  end = 4,     ///< argument: CLOCK_MONOTONIC, ns; counting ends
};

inline constexpr uint64_t kLayoutVersion = 3;

/// Where the guest's kernel keeps what tells threads apart. Addresses are the guest's, virtual;
/// offsets are in bytes, from the start of task_struct.
struct Layout {
  uint64_t version = kLayoutVersion;
  uint64_t switch_to = 0;      ///< __switch_to(prev, next)
  uint64_t exec = 0;           ///< perf_event_exec(): the current thread has a new program
  uint64_t nmi_entry = 0;      ///< asm_exc_nmi
  uint64_t nmi_entry_end = 0;  ///< the symbol after it
  uint64_t irq_work = 0;       ///< asm_sysvec_irq_work
  uint64_t raise_work = 0;     ///< arch_irq_work_raise
  uint32_t pid = 0;            ///< of task_struct.pid, which user space calls tid
  uint32_t tgid = 0;           ///< of task_struct.tgid, which user space calls pid
  uint32_t comm = 0;
  uint32_t parent = 0;  ///< of task_struct.real_parent
};

/// What the instruction looks like: an eight-byte no-op with a displacement that no compiler
/// writes, "ThaW".
inline constexpr uint8_t kMarkBytes[8] = {0x0f, 0x1f, 0x84, 0x00, 0x54, 0x68, 0x61, 0x57};

#if defined(__x86_64__)
/// Executes the mark. What `argument` points at must be in memory, not paged out.
inline void make_mark(Mark mark, uint64_t argument) {
  asm volatile("nopl 0x57616854(%%rax,%%rax,1)" ::"D"(static_cast<uint64_t>(mark)), "S"(argument)
               : "memory");
}
#endif

}  // namespace lab::oracle
