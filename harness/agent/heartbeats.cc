// The heartbeats: the freeze meter's witness inside the guest that owes nothing to the subject.
// Absolute deadlines, so that a late beat does not move the next; after a long stall the beats that
// could not happen are skipped, not made up for.

#include "harness/agent/heartbeats.h"

#include <sys/prctl.h>
#include <time.h>

#include "harness/agent/priority.h"
#include "profiler/base/time.h"

namespace lab {

namespace {
constexpr int64_t kLateNs = 2'000'000;
constexpr size_t kMostKept = 20'000;
}  // namespace

Heartbeats::Heartbeats(uint32_t cpus, BeatWriter& page) : page_(page) {
  late_.reserve(kMostKept);
  for (uint32_t cpu = 0; cpu < cpus; cpu++) threads_.emplace_back([this, cpu] { beat(cpu); });
}

void Heartbeats::stop() {
  stop_ = true;
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Heartbeats::beat(uint32_t cpu) {
  ::prctl(PR_SET_NAME, "thaw-heartbeat");
  pin_to_cpu(cpu);
  run_above_load(kBeatPriority);
  int64_t due_ns = thaw::monotonic_ns();
  while (!stop_.load(std::memory_order_relaxed)) {
    due_ns += kBeatPeriodNs;
    const timespec until{due_ns / 1'000'000'000, due_ns % 1'000'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    const int64_t now_ns = thaw::monotonic_ns();
    page_.beat(cpu, now_ns);
    const int64_t late_ns = now_ns - due_ns;
    if (late_ns < kLateNs) continue;
    {
      const std::lock_guard lock(mutex_);
      if (late_.size() < kMostKept)
        late_.push_back({cpu, due_ns, late_ns});
      else
        dropped_++;
    }
    due_ns += late_ns / kBeatPeriodNs * kBeatPeriodNs;
  }
  page_.beat(cpu, 0);
}

}  // namespace lab
