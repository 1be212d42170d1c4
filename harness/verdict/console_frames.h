#pragma once
// Stack frames in console logs: how they are spelled, and which of them a bug is named after. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lab {

struct LogFrame {
  std::string function;     ///< as function_name() gives it
  bool is_reliable = true;  ///< false for "? f+0x1/0x2", a return address that merely lay there
};

/// A function as titles spell it: without offset, the compiler's suffixes (.isra.0, .cold, …), the
/// wrappers of system calls (sys_read, whatever the architecture) and the tag of a BPF program.
std::string function_name(std::string_view symbol);

/// The frame that a line of a stack trace shows, in the spellings of x86, arm, arm64, powerpc,
/// riscv and s390, with and without addresses and file names. None: it is no such line.
std::optional<LogFrame> parse_frame(std::string_view text);

/// The function that a line of a register dump says the CPU was in ("RIP: 0010:f+0x1/0x2",
/// "pc : f+0x1/0x2", …). An empty name: in no function, or in user space.
std::optional<std::string> parse_instruction_pointer(std::string_view text);

/// Nobody's bug is in it: it prints, checks, locks, copies, allocates or enters the kernel for
/// others.
bool is_generic(std::string_view function);

// The function that names the bug, leaf first in `frames`; empty when there is none.

/// For a bug where the CPU noticed it: the first function that is not generic.
std::string guilty_of_fault(std::span<const LogFrame> frames);
/// For a CPU that did not get away: where in the loop it was is chance, so the function that
/// entered the loop: the one that a system call, interrupt, timer or worker called. A BPF program
/// on the way is named instead.
std::string guilty_of_stall(std::span<const LogFrame> frames);

}  // namespace lab
