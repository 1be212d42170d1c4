#pragma once
// What a thread waited for, from what the kernel was doing when it blocked. Pure.

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

enum class WaitReason : uint8_t {
  futex,  ///< a lock or condition of the program's own
  pipe,   ///< also FIFOs and eventfd
  socket,
  poll,         ///< poll, select, epoll: any of several
  disk,         ///< a block device, or a file system that waits for one
  sleep,        ///< it asked to, or waits for a timer
  page_fault,   ///< memory that was not there
  child,        ///< a process that it started
  kernel_lock,  ///< a mutex or semaphore of the kernel's
  signal,       ///< also a stop by a debugger or a shell
  terminal,     ///< input from a person
  work,         ///< a kernel thread without work
  other,        ///< known where, but nothing of the above
  unknown,      ///< its stack was not recorded
};
inline constexpr int kWaitReasons = 14;
const char* name_of(WaitReason reason);

/// From the functions of a kernel stack, leaf first; none: unknown. Names are those of every kernel
/// from v5.10 to v7.3, without the suffixes that compilers add (.isra.0, .cold).
WaitReason wait_reason(std::span<const std::string_view> functions);

/// Reasons of a capture's waits; each stack is looked at once. The capture must outlive it. Used by
/// one thread.
class WaitReasons {
 public:
  explicit WaitReasons(const Capture& capture) : capture_(capture) {}

  /// From the kernel stack of a waiting slice; none recorded: unknown.
  WaitReason of(StackId stack);

 private:
  WaitReason find(StackId stack);

  const Capture& capture_;
  std::unordered_map<StackId, WaitReason> known_;
  std::vector<std::string_view> functions_;
};

}  // namespace thaw
