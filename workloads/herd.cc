// herd: more switches and wake-ups a second than anything else here makes.
//
// On each CPU one thread wakes N others that all sleep on one futex, by one system call, and sleeps
// until the last of them has run. Each of them costs the machine one wake-up and one switch and
// next to nothing else; a ping-pong pays for two system calls per switch.
//
// Every sleeper runs exactly once per round: the count of rounds times N is how often threads were
// woken, and each of them was switched in as often.

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <atomic>
#include <climits>
#include <vector>

#include "workloads/options.h"
#include "workloads/workload.h"

namespace {

using workload::ThreadCounts;

constexpr char kProgram[] = "herd";

constexpr char kHelp[] = R"(herd: threads that one call wakes all at once, on every CPU

  --threads N    threads to wake per CPU (default 64)
  --realtime     SCHED_FIFO for all of them: cheaper switches, so more; needs root
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: how often threads were woken, and per
thread the context switches that the kernel counted. workloads/README.md describes the fields.
)";

struct Options {
  int threads = 64;
  bool realtime = false;
  double seconds = 0;
};

/// One CPU. `generation` tells the sleepers to run, and by being negative to end.
struct Herd {
  std::atomic<int> generation = 0;
  std::atomic<int> left = 0;  ///< of this round: sleepers that have not run yet
  int cpu = 0;
  const Options* options = nullptr;
  const std::atomic<bool>* stop = nullptr;
  int64_t rounds = 0;
  std::vector<ThreadCounts> counts;  ///< of the sleepers, then of the waker
};

struct Seat {
  Herd* herd;
  size_t index;
};

void wait_while(std::atomic<int>& word, int value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake(std::atomic<int>& word, int most) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, most, nullptr, nullptr, 0);
}

void settle(const Herd& herd, int priority, const char* name) {
  prctl(PR_SET_NAME, name);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(herd.cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    workload::give_up(kProgram, "cannot pin to a CPU");
  const sched_param parameters{priority};
  if (herd.options->realtime && sched_setscheduler(0, SCHED_FIFO, &parameters) != 0)
    workload::give_up(kProgram, "cannot have a real-time priority");
}

void* sleeper(void* argument) {
  const Seat& seat = *static_cast<Seat*>(argument);
  Herd& herd = *seat.herd;
  settle(herd, 1, "sleeper");
  for (int seen = 0; seen >= 0;) {
    while (herd.generation == seen) wait_while(herd.generation, seen);
    seen = herd.generation;
    if (seen < 0) herd.counts[seat.index] = workload::my_counts();
    if (herd.left.fetch_sub(1) == 1) wake(herd.left, 1);
  }
  return nullptr;
}

void round_of(Herd& herd, int generation) {
  herd.left = herd.options->threads;
  herd.generation = generation;
  wake(herd.generation, INT_MAX);
  for (int left = herd.left; left > 0; left = herd.left) wait_while(herd.left, left);
}

void* waker(void* argument) {
  const Seat& seat = *static_cast<Seat*>(argument);
  Herd& herd = *seat.herd;
  settle(herd, 2, "waker");
  for (int generation = 1; !*herd.stop; generation = generation == INT_MAX ? 1 : generation + 1) {
    round_of(herd, generation);
    herd.rounds++;
  }
  round_of(herd, -1);
  herd.counts[seat.index] = workload::my_counts();
  return nullptr;
}

void print_truth(const Options& options, const std::vector<Herd*>& herds, int64_t start_ns,
                 int64_t end_ns) {
  int64_t rounds = 0;
  int64_t switches = 0;
  for (const Herd* herd : herds) {
    rounds += herd->rounds;
    for (const ThreadCounts& counts : herd->counts)
      switches += counts.voluntary_switches + counts.involuntary_switches;
  }
  printf("{\"schema\":1,\"program\":\"herd\",\"start_ns\":%lld,\"end_ns\":%lld,\"woken\":%lld,",
         static_cast<long long>(start_ns), static_cast<long long>(end_ns),
         static_cast<long long>(rounds * options.threads));
  printf("\"switches\":%lld,\"threads\":[", static_cast<long long>(switches));
  bool is_first = true;
  for (const Herd* herd : herds) {
    for (const ThreadCounts& counts : herd->counts) {
      if (!is_first) printf(",");
      is_first = false;
      workload::print_thread(&counts == &herd->counts.back() ? "waker" : "sleeper", getpid(),
                             counts);
      printf("}");
    }
  }
  printf("]}\n");
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("threads", options.threads, 1, 2000)
      .flag("realtime", options.realtime)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

pthread_t start(void* (*work)(void*), Seat& seat) {
  pthread_t thread{};
  errno = pthread_create(&thread, nullptr, work, &seat);
  if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
  return thread;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const sigset_t signals = workload::block_end_signals();
  std::atomic<bool> stop = false;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    workload::give_up(kProgram, "cannot ask for CPUs");
  std::vector<Herd*> herds;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    Herd* herd = herds.emplace_back(new Herd);
    herd->cpu = cpu;
    herd->options = &options;
    herd->stop = &stop;
    herd->counts.resize(static_cast<size_t>(options.threads) + 1);
  }
  // Full before the first thread starts: seats do not move any more.
  std::vector<Seat> seats;
  for (Herd* herd : herds)
    for (size_t index = 0; index < herd->counts.size(); index++) seats.push_back({herd, index});
  std::vector<pthread_t> threads;
  for (Seat& seat : seats)
    if (seat.index + 1 < seat.herd->counts.size()) threads.push_back(start(sleeper, seat));
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  for (Seat& seat : seats)
    if (seat.index + 1 == seat.herd->counts.size()) threads.push_back(start(waker, seat));
  workload::wait_for_end(signals, options.seconds, [] { return false; });
  stop = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  print_truth(options, herds, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  return 0;
}
