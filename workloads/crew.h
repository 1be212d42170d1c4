#pragma once
// Threads that work until they are told to stop, or until each has done what it was to do.

#include <pthread.h>

#include <atomic>
#include <vector>

#include "workloads/workload.h"

namespace workload {

/// Made and ended by one thread, before any other: it blocks the signals that end a load. The load
/// begins when it is made. Must stay where it is meanwhile.
class Crew {
 public:
  explicit Crew(const char* program) : program_(program) {}

  int64_t start_ns() const { return start_ns_; }  ///< CLOCK_MONOTONIC

  void start(void* (*run)(void*), void* argument) {
    pthread_t thread{};
    errno = pthread_create(&thread, nullptr, run, argument);
    if (errno != 0) give_up(program_, "cannot start a thread");
    threads_.push_back(thread);
  }
  /// Returns when all have ended: told to by a signal or after `seconds`, or done.
  void work_until_end(double seconds) {
    wait_for_end(signals_, seconds, [&] { return done_ == static_cast<int>(threads_.size()); });
    stop_ = true;
    for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  }

  // For its threads.

  bool is_over() const { return stop_.load(std::memory_order_relaxed); }
  /// By one of them that has done what all were there for.
  void stop() { stop_ = true; }
  /// The last thing that each does.
  void be_done() {
    done_++;
    kill(getpid(), SIGUSR1);
  }

 private:
  const char* program_;
  const sigset_t signals_ = block_end_signals();
  const int64_t start_ns_ = clock_ns(CLOCK_MONOTONIC);
  std::vector<pthread_t> threads_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> done_ = 0;
};

}  // namespace workload
