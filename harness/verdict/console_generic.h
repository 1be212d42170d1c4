#pragma once
// Names of kernel functions that no bug is named after, as tables. Pure.

#include <string_view>

namespace lab {

/// It prints, checks, locks, waits, copies or allocates for others.
bool is_machinery(std::string_view function);
/// A fixed point of the kernel that calls what others registered: system call, softirq, timer, …
bool is_anchor(std::string_view function);
/// Entry code from user space or into a kernel thread; never the bug and never an anchor's callee.
bool enters_kernel(std::string_view function);
/// Entry code of an interrupt or exception.
bool enters_interrupt(std::string_view function);
/// Part of a timer tick or an NMI that notices and prints a stall.
bool reports_stalls(std::string_view function);
/// The idle loop: a CPU in it does nothing.
bool is_idle(std::string_view function);

}  // namespace lab
