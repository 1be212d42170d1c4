#pragma once
// When and where: what was asked of `mishap`, and how its threads keep to it.

#include <pthread.h>
#include <sched.h>

#include <vector>

#include "workloads/workload.h"

namespace mishap {

struct Options {
  const char* kind = nullptr;
  int64_t at_ns = 1'000'000'000;  ///< after the start
  int64_t length_ns = -1;         ///< -1: the kind's own
  int times = 1;
  int64_t every_ns = 500'000'000;  ///< from start to start
  int cpu = 0;
  bool all_cpus = false;
  double seconds = 0;  ///< 0: no limit

  int64_t length_or(int64_t usual_ns) const { return length_ns < 0 ? usual_ns : length_ns; }
  std::vector<int> cpus() const {
    if (!all_cpus) return {cpu};
    std::vector<int> list;
    for (int i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++) list.push_back(i);
    return list;
  }
};

inline void pin_to(const char* program, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) workload::give_up(program, "--cpu");
}

/// Above the load, so that a mishap happens when it was asked for; below the threads that measure.
inline void run_above_load() {
  sched_param parameters{};
  parameters.sched_priority = 1;
  pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
}

inline void sleep_until(int64_t time_ns) {
  const timespec until{time_ns / 1'000'000'000, time_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace mishap
