#pragma once
// The thread that watches a guest runs before the guest's own, for as long as it watches.

#include <pthread.h>
#include <sched.h>

namespace lab {

/// The calling thread is SCHED_FIFO from here to the end of the scope; what it starts is not. The
/// vCPUs of two busy guests leave an ordinary thread waiting for 0.3 s, three times a stall. Not an
/// error where the lab may not: it then watches as well as it can.
class WatchPriority {
 public:
  WatchPriority() {
    ::pthread_getschedparam(::pthread_self(), &policy_before_, &before_);
    sched_param first{};
    first.sched_priority = 1;
    is_raised_ =
        ::pthread_setschedparam(::pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &first) == 0;
  }
  ~WatchPriority() {
    if (is_raised_) ::pthread_setschedparam(::pthread_self(), policy_before_, &before_);
  }
  WatchPriority(const WatchPriority&) = delete;
  WatchPriority& operator=(const WatchPriority&) = delete;

 private:
  int policy_before_ = SCHED_OTHER;
  sched_param before_{};
  bool is_raised_ = false;
};

}  // namespace lab
