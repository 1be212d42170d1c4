#pragma once
// One CPU's stack in words: functions, in which context each of them ran, and who waits.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/run/stacks/registers.h"
#include "harness/run/stacks/symbols.h"
#include "harness/run/stacks/unwind.h"

namespace lab {

struct StackFrame {
  uint64_t address = 0;
  uint64_t sp = 0;       ///< 0 when it is not known
  std::string function;  ///< empty: in no known function
  uint64_t offset = 0;
  std::string context;  ///< "nmi", "irq", "softirq", "exception" or "task"
  bool is_program = false;
  bool is_interrupted = false;  ///< the leaf of its context
  bool is_guess = false;

  bool operator==(const StackFrame&) const = default;
};

/// What one CPU did when the guest was stopped.
struct CpuStack {
  uint32_t cpu = 0;
  bool is_user = false;
  bool is_halted = false;
  bool interrupts_on = true;
  std::vector<StackFrame> frames;  ///< leaf first
  /// Resilient spin locks that this CPU holds or waits for, in the order it asked; from v6.15 on.
  /// Only the last one can be waited for.
  std::vector<uint64_t> locks;
};

/// Gives names and contexts to what unwind() found.
std::vector<StackFrame> name_frames(std::span<const RawFrame> frames, const Symbols& symbols);

/// The same for return addresses alone, leaf first, as a BPF program's stack has them. The leaf is
/// in `context`.
std::vector<StackFrame> name_addresses(std::span<const uint64_t> addresses, const Symbols& symbols,
                                       std::string_view context);

/// "resilient_queued_spin_lock_slowpath+0x1a2", with "? " in front of a guess.
std::string to_text(const StackFrame& frame);

/// A part of a stack that ran in one context without being interrupted: what an NMI did, or what
/// the NMI interrupted.
struct Episode {
  std::string context;
  std::span<const StackFrame> frames;  ///< leaf first; into the stack it was made of
  /// The function in which it waits for somebody else; null when it does not.
  const StackFrame* waits_in = nullptr;
  /// The BPF program nearest to its leaf, where it was entered; null when there is none.
  const StackFrame* program = nullptr;
  /// It has entered a lock's section and nothing on its stack waits: it may hold what the others
  /// wait for.
  bool may_hold = false;
};

std::vector<Episode> episodes(std::span<const StackFrame> stack);

/// Whether a function is one in which a CPU spins until somebody else does something.
bool is_wait(std::string_view function);

}  // namespace lab
