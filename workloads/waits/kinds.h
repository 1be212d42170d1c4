#pragma once
// What two threads can wait for: one row per kind of object. Each row says what the kernel must be
// seen to wait for in it, and who ends the wait.

#include <stdint.h>

#include <atomic>

namespace waits {

/// One direction between the two threads. Waiting ends when a turn was given; nobody else gives
/// any.
struct Channel {
  int read_fd = -1;
  int write_fd = -1;
  int epoll_fd = -1;
  std::atomic<uint32_t> word = 0;  ///< futex: 1 when there is a turn
  std::atomic<int> taker = 0;      ///< tid of who takes turns here; 0 until it runs
  void* memory = nullptr;          ///< page-fault: a page that is not there; disk: for its bytes
  int child = 0;                   ///< child: who is to be waited for
};

struct Kind {
  const char* name;
  const char* reason;  ///< as `thaw timeline` must say
  /// Who ends a wait: the other thread; else an interrupt, or somebody who is gone by then.
  bool by_other;
  /// Both wait for this. Else only the first, and of the second nothing is claimed.
  bool both;
  void (*open)(Channel& channel);
  void (*prepare)(Channel& channel);  ///< before a wait; what is waited for in it is not told
  void (*give)(Channel& channel);
  void (*take)(Channel& channel);
};

/// Null for a name that is none. The first is the default.
const Kind* find_kind(const char* name);
const Kind* default_kind();

}  // namespace waits
