// The kernel's console_loglevel, for as long as NMIs are to sample a guest: each of them is unknown
// to the kernel, which says so, and where that goes to a serial port at once (before threads
// printed: Linux 5.10), one per cent of the guest's time is waiting for the port right after an
// NMI, when no other comes. No sample could show it, and it is not what the load does.

#include "harness/agent/console_level.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "profiler/base/unique_fd.h"

namespace lab {

namespace {

/// Four levels, the console's first. Writing one number leaves the others.
constexpr const char* kLevels = "/proc/sys/kernel/printk";

bool write_levels(const std::string& levels) {
  const thaw::UniqueFd file(::open(kLevels, O_WRONLY | O_CLOEXEC));
  return ::write(file.get(), levels.data(), levels.size()) == static_cast<ssize_t>(levels.size());
}

}  // namespace

QuietConsole::QuietConsole() {
  const thaw::UniqueFd file(::open(kLevels, O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t length = ::read(file.get(), text.data(), text.size());
  // Messages below the level are printed; those of an emergency are of level 0.
  if (length > 0 && write_levels("0")) before_.assign(text.data(), static_cast<size_t>(length));
}

QuietConsole::~QuietConsole() {
  if (!before_.empty()) write_levels(before_);
}

}  // namespace lab
