// oncpu: threads that work in bursts and say exactly how long the kernel let them run.
//
// The kernel's own count of a thread's CPU time (schedstat's first field, the thread CPU clock)
// leaves out interrupts and, in a guest, stolen time, where it accounts them: that time passes
// while the thread has the CPU. A recorder that sees only switches cannot tell it apart. So the
// truth has three parts, over one window of CLOCK_MONOTONIC:
//
//   cpu_ns        schedstat's first field, as the thread CPU clock gives it up to the nanosecond
//   excluded_ns   what passed in bursts and is neither in cpu_ns nor in run_delay_ns
//   run_delay_ns  schedstat's second field: ready, without a CPU
//
// A thread has a CPU for cpu_ns + excluded_ns. In a burst it never waits, so that what is left of
// the wall time is excluded; between bursts it sleeps, which is not looked at.
//
// That count has its own grain. When a switch follows from a waking, the kernel does not read its
// clock again but counts by the time of the waking (rq_clock_skip_update() in kernel/sched/core.c,
// v5.10 to v7.3): a microsecond on hardware, 20 to 50 under emulation. So who wants to see it agree
// to 0.1 % asks for few wakings: --fifo keeps those of others away, long bursts the own.
//
// Each stamp is several clocks that cannot be read at once. They are read until all of them were
// within 20 us without a switch between: 0.0002 % of ten seconds. A CPU that is too slow for that
// gets more.

#include <fcntl.h>

#include <vector>

#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/workload.h"

namespace {

constexpr char kProgram[] = "oncpu";
constexpr int64_t kMostStampNs = 20'000;

constexpr char kHelp[] =
    R"(oncpu: threads that work in bursts and say exactly how long they had a CPU

  --threads N    threads (default 2)
  --burst MS     work between two sleeps, milliseconds (default 3)
  --rest US      each sleep, microseconds (default 200)
  --fifo N       real-time priority N: nothing of less takes the CPU away (default: none)
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: per thread the kernel's count of its CPU
time over a window, and what that count leaves out. workloads/README.md describes the fields.
)";

struct Options {
  int threads = 2;
  double burst_ms = 3;
  double rest_us = 200;
  int fifo = 0;  ///< 0: an ordinary thread
  double seconds = 0;
};

struct Stamp {
  int64_t time_ns = 0;
  int64_t cpu_ns = 0;
  int64_t run_delay_ns = 0;
};

struct Worker {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  char name[24] = {};  ///< as given; the kernel keeps 15 characters
  workload::ThreadCounts counts;
  Stamp start, end;
  int64_t excluded_ns = 0;
};

int open_schedstat() {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", gettid());
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) workload::give_up(kProgram, "cannot open schedstat");
  return file;
}

/// Its second field; the first is behind by what the thread has run since its last switch or tick.
int64_t run_delay_ns(int schedstat) {
  char text[96] = {};
  if (pread(schedstat, text, sizeof text - 1, 0) <= 0)
    workload::give_up(kProgram, "cannot read schedstat");
  long long cpu = 0, delay = 0;
  if (sscanf(text, "%lld %lld", &cpu, &delay) != 2) workload::give_up(kProgram, "no schedstat");
  return delay;
}

/// A slow CPU never makes it in kMostStampNs: what is asked for grows until it does.
Stamp stamp(int schedstat) {
  constexpr int kTries = 4;
  int64_t most_ns = kMostStampNs;
  for (int tried = 1;; tried++) {
    if (tried % kTries == 0) most_ns *= 2;
    Stamp now;
    const int64_t delay_before_ns = run_delay_ns(schedstat);
    now.time_ns = workload::clock_ns(CLOCK_MONOTONIC);
    now.cpu_ns = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID);
    now.run_delay_ns = run_delay_ns(schedstat);
    const int64_t took_ns = workload::clock_ns(CLOCK_MONOTONIC) - now.time_ns;
    if (now.run_delay_ns == delay_before_ns && took_ns <= most_ns) return now;
  }
}

void burst(int64_t length_ns) {
  const int64_t end_ns = workload::clock_ns(CLOCK_MONOTONIC) + length_ns;
  while (workload::clock_ns(CLOCK_MONOTONIC) < end_ns) {
  }
}

void* work(void* argument) {
  auto& worker = *static_cast<Worker*>(argument);
  prctl(PR_SET_NAME, worker.name);
  const sched_param priority{worker.options->fifo};
  if (worker.options->fifo != 0 && sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
    workload::give_up(kProgram, "cannot have a real-time priority");
  const int schedstat = open_schedstat();
  const timespec rest{0, static_cast<long>(worker.options->rest_us * 1e3)};
  worker.start = stamp(schedstat);
  while (!worker.crew->is_over()) {
    const Stamp begin = stamp(schedstat);
    burst(static_cast<int64_t>(worker.options->burst_ms * 1e6));
    const Stamp end = stamp(schedstat);
    worker.excluded_ns += (end.time_ns - begin.time_ns) - (end.cpu_ns - begin.cpu_ns) -
                          (end.run_delay_ns - begin.run_delay_ns);
    nanosleep(&rest, nullptr);
  }
  worker.end = stamp(schedstat);
  close(schedstat);
  worker.counts = workload::my_counts();
  return nullptr;
}

void print_truth(const std::vector<Worker>& workers, int64_t start_ns) {
  printf("{\"schema\":1,\"program\":\"oncpu\",\"start_ns\":%lld,\"end_ns\":%lld,\"threads\":[",
         static_cast<long long>(start_ns),
         static_cast<long long>(workload::clock_ns(CLOCK_MONOTONIC)));
  for (const Worker& worker : workers) {
    if (&worker != workers.data()) printf(",");
    workload::print_thread(worker.name, getpid(), worker.counts);
    printf(
        ",\"on_cpu\":{\"start_ns\":%lld,\"end_ns\":%lld,\"cpu_ns\":%lld,\"excluded_ns\":%lld,"
        "\"run_delay_ns\":%lld}}",
        static_cast<long long>(worker.start.time_ns), static_cast<long long>(worker.end.time_ns),
        static_cast<long long>(worker.end.cpu_ns - worker.start.cpu_ns),
        static_cast<long long>(worker.excluded_ns),
        static_cast<long long>(worker.end.run_delay_ns - worker.start.run_delay_ns));
  }
  printf("]}\n");
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("threads", options.threads, 1, 1000)
      .number("burst", options.burst_ms, 0.01, 1e6)
      .number("rest", options.rest_us, 0, 999'999)
      .number("fifo", options.fifo, 1, 99)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  workload::Crew crew(kProgram);
  std::vector<Worker> workers(static_cast<size_t>(options.threads));
  for (size_t i = 0; i < workers.size(); i++) {
    workers[i].options = &options;
    workers[i].crew = &crew;
    snprintf(workers[i].name, sizeof workers[i].name, "oncpu-%zu", i);
    crew.start(work, &workers[i]);
  }
  crew.work_until_end(options.seconds);
  print_truth(workers, crew.start_ns());
  return 0;
}
