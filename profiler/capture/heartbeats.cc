// Absolute times: a beat that comes late does not shift those after it.

#include "profiler/capture/heartbeats.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "profiler/base/time.h"

namespace thaw {

namespace {
constexpr int64_t kBeatNs = 2'000'000;
}

Heartbeats::Heartbeats(const std::vector<uint32_t>& cpus, int64_t least_ns, Report report)
    : least_ns_(least_ns), report_(std::move(report)) {
  for (const uint32_t cpu : cpus) threads_.emplace_back([this, cpu] { beat(cpu); });
}

Heartbeats::~Heartbeats() {
  over_ = true;
}

void Heartbeats::beat(uint32_t cpu) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  sched_param priority{};
  priority.sched_priority = 50;
  ::pthread_setschedparam(::pthread_self(), SCHED_FIFO,
                          &priority);  // without the right: ordinary priority, more noise
  int64_t due = monotonic_ns();
  while (!over_.load(std::memory_order_relaxed)) {
    due += kBeatNs;
    const timespec until{due / 1'000'000'000, due % 1'000'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    const int64_t now = monotonic_ns();
    if (now - due >= least_ns_) report_(cpu, now, now - due);
    if (now - due > kBeatNs) due = now;  // do not catch up on beats that cannot have happened
  }
}

}  // namespace thaw
