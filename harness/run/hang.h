#pragma once
// From looks at a silent guest to the certainty that it will not go on. Pure.

#include <span>
#include <string>

#include "harness/run/evidence.h"

namespace lab {

/// At least this many looks, the first and the last this far apart.
inline constexpr size_t kHangLooks = 4;
inline constexpr int64_t kHangNs = 12'000'000'000;
/// And this far where some CPU takes interrupts: the kernel's own watchdog can still speak there,
/// after twice its threshold of 10 s and up to one of its periods of 4 s; RCU's after 21 s.
inline constexpr int64_t kWatchdogNs = 28'000'000'000;

/// How much slower this guest is than one under TCG on a quiet host, whose agent answers 3.5 s
/// after the start of QEMU: 1 to 10. All limits of a run are for that one, and are stretched by
/// this.
double slowness(double hello_ms);

/// The sentence that says that it hangs and where; empty when `looks` at it while it was silent do
/// not prove it. hang.cc says what proves it. `slowness` stretches the times.
std::string proves_hang(std::span<const Look> looks, double slowness = 1);

}  // namespace lab
