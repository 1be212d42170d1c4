// perf-refresh: two threads that sample themselves the way in-process profilers do.
//
// Each thread opens a software cpu-clock event on itself, has the kernel send a signal to the very
// thread at each overflow (O_ASYNC, F_SETSIG, F_SETOWN_EX), arms the event for one overflow with
// PERF_EVENT_IOC_REFRESH(1), and arms it again from the signal handler. The event thus stops itself
// from its own timer's interrupt a thousand times a second.
//
// On kernels with Linux kernel commit 18dbcbfabfff ("perf: Fix the POLL_HUP delivery breakage") and
// without Linux kernel commit eb3182ef0405 ("perf/core: Fix system hang caused by cpu-clock usage")
// the stop waits, in that interrupt, for the interrupt to end: each CPU that has such a thread
// hangs for good. 6.16.12 is one. So the program asks before it runs anywhere but in a guest of the
// lab.

#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <string>
#include <vector>

#include "workloads/options.h"
#include "workloads/workload.h"

namespace {

constexpr char kProgram[] = "perf-refresh";
constexpr uint64_t kDefaultPeriodNs = 1'000'000;

constexpr char kHelp[] = R"(perf-refresh: threads that sample themselves with PERF_EVENT_IOC_REFRESH

  --threads N    number of threads (default 2)
  --period-us N  CPU time between two samples of a thread (default 1000)
  --seconds S    stop after S seconds (default: no limit)
  --freeze-this-machine
                 run outside a guest of thawlab, where some kernels (6.16 among them) hang for good
  --help         this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: per thread, the signals it got and its
CPU time. workloads/README.md describes the fields.
)";

struct Options {
  int threads = 2;
  uint64_t period_ns = kDefaultPeriodNs;
  double seconds = 0;
  bool freeze_this_machine = false;
};

struct Sampled {
  const Options* options = nullptr;
  std::atomic<bool>* stop = nullptr;
  int index = 0;
  int64_t signals = 0;
  workload::ThreadCounts counts;
};

// What the handler knows about its thread. A signal of the event goes to the thread that owns it.
thread_local int event_fd = -1;
thread_local volatile int64_t signals_taken = 0;

int sample_signal() {
  return SIGRTMIN;
}

void take_sample(int, siginfo_t*, void*) {
  const int saved = errno;
  signals_taken = signals_taken + 1;
  ioctl(event_fd, PERF_EVENT_IOC_REFRESH, 1);
  errno = saved;
}

int open_event(uint64_t period_ns) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.sample_period = period_ns;
  attributes.disabled = 1;
  attributes.wakeup_events = 1;
  const int fd =
      static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
  if (fd < 0) workload::give_up(kProgram, "perf_event_open");
  f_owner_ex owner{F_OWNER_TID, gettid()};
  if (fcntl(fd, F_SETFL, O_ASYNC) != 0 || fcntl(fd, F_SETSIG, sample_signal()) != 0 ||
      fcntl(fd, F_SETOWN_EX, &owner) != 0)
    workload::give_up(kProgram, "cannot have the event's signal sent to its own thread");
  return fd;
}

void* thread_main(void* argument) {
  auto* thread = static_cast<Sampled*>(argument);
  char name[16];
  snprintf(name, sizeof name, "sampled-%d", thread->index);
  prctl(PR_SET_NAME, name);
  event_fd = open_event(thread->options->period_ns);
  if (ioctl(event_fd, PERF_EVENT_IOC_REFRESH, 1) != 0)
    workload::give_up(kProgram, "PERF_EVENT_IOC_REFRESH");
  // CPU time is what the event counts, so the thread must use it.
  while (!thread->stop->load(std::memory_order_relaxed)) {
  }
  ioctl(event_fd, PERF_EVENT_IOC_DISABLE, 0);
  thread->signals = signals_taken;
  thread->counts = workload::my_counts();
  close(event_fd);
  return nullptr;
}

void refuse_outside_a_guest(const Options& options) {
  if (options.freeze_this_machine || workload::is_guest_of_the_lab()) return;
  fprintf(stderr,
          "%s: some kernels hang for good under this load, and this is no guest of thawlab; run it "
          "there, or say --freeze-this-machine\n",
          kProgram);
  exit(workload::kUsage);
}

void print_truth(const std::vector<Sampled>& threads, int64_t start_ns, int64_t end_ns) {
  int64_t signals = 0;
  int64_t cpu_ns = 0;
  for (const Sampled& thread : threads) {
    signals += thread.signals;
    cpu_ns += thread.counts.cpu_ns;
  }
  printf(
      "{\"schema\":1,\"program\":\"%s\",\"start_ns\":%lld,\"end_ns\":%lld,\"signals\":%lld,"
      "\"total_cpu_ns\":%lld,\"threads\":[",
      kProgram, static_cast<long long>(start_ns), static_cast<long long>(end_ns),
      static_cast<long long>(signals), static_cast<long long>(cpu_ns));
  for (size_t i = 0; i < threads.size(); i++) {
    const std::string name = "sampled-" + std::to_string(i);
    if (i > 0) printf(",");
    workload::print_thread(name.c_str(), getpid(), threads[i].counts);
    printf(",\"signals\":%lld}", static_cast<long long>(threads[i].signals));
  }
  printf("]}\n");
}

Options parse(int argc, char** argv) {
  Options options;
  double period_us = static_cast<double>(options.period_ns) / 1000;
  workload::CommandLine(kProgram, kHelp)
      .number("threads", options.threads, 1, 1000)
      .number("period-us", period_us, 100, 1e6)
      .seconds(options.seconds)
      .flag("freeze-this-machine", options.freeze_this_machine)
      .parse(argc, argv);
  options.period_ns = static_cast<uint64_t>(1000 * period_us);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  refuse_outside_a_guest(options);
  const sigset_t signals = workload::block_end_signals();
  struct sigaction action {};
  action.sa_sigaction = take_sample;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(sample_signal(), &action, nullptr);
  std::atomic<bool> stop = false;
  std::vector<Sampled> sampled(static_cast<size_t>(options.threads));
  std::vector<pthread_t> threads(sampled.size());
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  for (size_t i = 0; i < sampled.size(); i++) {
    sampled[i].options = &options;
    sampled[i].stop = &stop;
    sampled[i].index = static_cast<int>(i);
    errno = pthread_create(&threads[i], nullptr, thread_main, &sampled[i]);
    if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
  }
  workload::wait_for_end(signals, options.seconds, [] { return false; });
  stop = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  print_truth(sampled, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  return 0;
}
