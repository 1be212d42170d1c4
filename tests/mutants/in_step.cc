// in-step: a load in step with a timer of 997 Hz that has a fixed period. Of one CPU a thread has
// the first half of each 1/997 s and another one the rest: such a timer finds one of them always
// and the other never. Prints its truth like the workloads.

#include <pthread.h>

#include <cstdio>
#include <cstdlib>

#include "tests/live/capture/load_in_phase.h"

namespace {

struct Thread {
  int32_t tid;
  int64_t cpu_ns;
};

void print(const char* name, const Thread& thread) {
  std::printf("{\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"cpu_ns\":%lld}", getpid(), thread.tid, name,
              static_cast<long long>(thread.cpu_ns));
}

/// It takes the CPU in time.
void half() {
  thread_local const bool is_first = [] {
    const sched_param real_time{.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO, &real_time) == 0;
  }();
  static_cast<void>(is_first);
  test::half_busy();
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  const int64_t start_ns = test::clock_ns(CLOCK_MONOTONIC);
  Thread half_truth{}, rest_truth{};
  {
    test::LoadInPhase first(0, half);
    test::LoadInPhase second(0, [] {});
    const int64_t end_ns = start_ns + static_cast<int64_t>(seconds * 1e9);
    const timespec until{end_ns / 1'000'000'000, end_ns % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    half_truth = {first.tid(), first.cpu_ns()};
    rest_truth = {second.tid(), second.cpu_ns()};
  }
  std::printf(
      "{\"schema\":1,\"program\":\"in-step\",\"start_ns\":%lld,\"end_ns\":%lld,\"threads\":[",
      static_cast<long long>(start_ns), static_cast<long long>(test::clock_ns(CLOCK_MONOTONIC)));
  print("half", half_truth);
  std::printf(",");
  print("rest", rest_truth);
  std::printf("]}\n");
}
