#pragma once
// Which threads of the agent run above the load, and above each other.

#include <pthread.h>
#include <sched.h>

namespace lab {

// The heartbeats measure, so nothing may stand before them; then the clock, then the NMIs, then
// the sequence that starts and stops everything.
inline constexpr int kBeatPriority = 60;
inline constexpr int kPongPriority = 50;
inline constexpr int kNmiPriority = 45;
inline constexpr int kMainPriority = 40;

/// The calling thread becomes SCHED_FIFO; what it forks does not.
inline void run_above_load(int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  ::pthread_setschedparam(::pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters);
}

inline void pin_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

}  // namespace lab
