#pragma once
// Loads in step with a sampling timer of a fixed period: what such a timer sees of them is all or
// nothing.

#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <thread>

namespace test {

/// To the nanosecond what the kernel makes of 997 Hz.
inline constexpr int64_t kPeriodNs = 1'000'000'000 / 997;

inline int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// In the first half of each period of its own CPU time it is in one function, in the second half
/// in the other.
[[gnu::noinline, gnu::section("thaw_first_half")]] inline void first_half() {
  while (clock_ns(CLOCK_THREAD_CPUTIME_ID) % kPeriodNs < kPeriodNs / 2) {
  }
}
[[gnu::noinline, gnu::section("thaw_second_half")]] inline void second_half() {
  while (clock_ns(CLOCK_THREAD_CPUTIME_ID) % kPeriodNs >= kPeriodNs / 2) {
  }
}

/// Busy in the first half of each period of the clock on the wall, asleep in the second.
inline void half_busy() {
  const int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
  const int64_t sleeps_ns = now_ns - now_ns % kPeriodNs + kPeriodNs / 2;
  const int64_t wakes_ns = sleeps_ns + kPeriodNs - kPeriodNs / 2;
  while (clock_ns(CLOCK_MONOTONIC) < sleeps_ns) {
  }
  const timespec until{wakes_ns / 1'000'000'000, wakes_ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

/// A thread on one CPU that does `turn` until it is ended.
template <class Turn>
class LoadInPhase {
 public:
  LoadInPhase(int cpu, Turn turn) : thread_([this, cpu, turn] { run(cpu, turn); }) {
    while (tid_ == 0) std::this_thread::yield();
  }
  ~LoadInPhase() {
    stop_ = true;
    thread_.join();
  }
  int32_t tid() const { return tid_; }
  /// Its CPU time up to now.
  int64_t cpu_ns() {
    clockid_t clock{};
    pthread_getcpuclockid(thread_.native_handle(), &clock);
    return clock_ns(clock);
  }

 private:
  void run(int cpu, Turn turn) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    tid_ = gettid();
    while (!stop_) turn();
  }

  std::atomic<int32_t> tid_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace test
