// switchstorm: as many context switches as the machine can do, and how many they must have been.
//
// N pairs play ping-pong with one byte over two pipes: whoever waits sleeps in read(2), whoever
// writes wakes it. Pinned to one CPU a round trip cannot be had for less than two switches; on
// several CPUs a pair may run side by side and the count per thread (kept by the kernel, printed at
// the end) is the truth instead.
//
// The counters live in a shared mapping, so that the same loop serves threads and processes. A pair
// ends by a byte of its own, not by closing a pipe: nobody is left in read(2), and no round trip is
// half counted.

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <vector>

#include "workloads/options.h"
#include "workloads/workload.h"

namespace {

using workload::ThreadCounts;

constexpr char kProgram[] = "switchstorm";
constexpr char kBall = 'b';
constexpr char kLastBall = 'q';

constexpr char kHelp[] = R"(switchstorm: pipe ping-pong pairs that switch as fast as they can

  --pairs N      number of pairs (default 4)
  --pin CPU      pin every thread to this CPU: then a round trip is at least two switches
  --ops N        stop after N round trips of each pair (default: no limit); --work N is the same
  --seconds S    stop after S seconds (default: no limit)
  --processes    two processes per pair instead of two threads
  --help         this text

Ends on SIGTERM, SIGINT, --ops or --seconds, then prints its truth as one line of JSON: round trips and, per thread,
the context switches that the kernel counted. workloads/README.md describes the fields.
)";

struct Options {
  int pairs = 4;
  int pin = -1;     ///< -1: not pinned
  int64_t ops = 0;  ///< 0: no limit
  double seconds = 0;
  bool processes = false;
};

struct Player {
  int pid = 0;
  ThreadCounts counts;
};

struct Pair {
  int to_pong[2];
  int to_ping[2];
  Player ping;
  Player pong;
  int64_t round_trips = 0;  ///< written by ping when it ends
  int64_t end_ns = 0;
};

/// Shared by all players, threads or processes.
struct Court {
  std::atomic<bool> stop = false;
  std::atomic<int> waiting = 0;  ///< players ready to begin
  std::atomic<bool> go = false;
  std::atomic<int> done = 0;  ///< players that have ended
};

struct Seat {
  Court* court;
  Pair* pair;
  const Options* options;
  int main_pid;
  int index;
  bool is_ping;
};

char receive(int fd) {
  char ball = kLastBall;
  while (read(fd, &ball, 1) < 0 && errno == EINTR) {
  }
  return ball;
}

void send(int fd, char ball) {
  while (write(fd, &ball, 1) < 0 && errno == EINTR) {
  }
}

void play_ping(const Seat& seat) {
  const int64_t limit = seat.options->ops > 0 ? seat.options->ops : INT64_MAX;
  int64_t round_trips = 0;
  while (round_trips < limit && !seat.court->stop.load(std::memory_order_relaxed)) {
    send(seat.pair->to_pong[1], kBall);
    receive(seat.pair->to_ping[0]);
    round_trips++;
  }
  seat.pair->end_ns = workload::clock_ns(CLOCK_MONOTONIC);
  send(seat.pair->to_pong[1], kLastBall);
  seat.pair->round_trips = round_trips;
}

void play_pong(const Seat& seat) {
  while (receive(seat.pair->to_pong[0]) == kBall) send(seat.pair->to_ping[1], kBall);
}

void take_seat(const Seat& seat) {
  char name[16];
  snprintf(name, sizeof name, "%s-%d", seat.is_ping ? "ping" : "pong", seat.index);
  prctl(PR_SET_NAME, name);
  seat.court->waiting++;
  const timespec moment{0, 200'000};
  while (!seat.court->go) nanosleep(&moment, nullptr);
  if (seat.is_ping) {
    play_ping(seat);
    seat.pair->ping = {getpid(), workload::my_counts()};
  } else {
    play_pong(seat);
    seat.pair->pong = {getpid(), workload::my_counts()};
  }
  seat.court->done++;
  kill(seat.main_pid, SIGUSR1);
}

void* thread_main(void* seat) {
  take_seat(*static_cast<Seat*>(seat));
  return nullptr;
}

void start_player(Seat& seat, std::vector<pthread_t>& threads) {
  if (!seat.options->processes) {
    pthread_t thread{};
    errno = pthread_create(&thread, nullptr, thread_main, &seat);
    if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
    threads.push_back(thread);
    return;
  }
  const int child = fork();
  if (child < 0) workload::give_up(kProgram, "cannot start a process");
  if (child > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != seat.main_pid) _exit(workload::kEnvironment);
  take_seat(seat);
  _exit(0);
}

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    workload::give_up(kProgram, "cannot pin to that CPU");
}

void* shared_memory(size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) workload::give_up(kProgram, "cannot map memory");
  return memory;
}

void print_truth(const Options& options, const Pair* pairs, int64_t start_ns) {
  int64_t end_ns = start_ns;
  int64_t round_trips = 0;
  int64_t switches = 0;
  for (int i = 0; i < options.pairs; i++) {
    const Pair& pair = pairs[i];
    if (pair.end_ns > end_ns) end_ns = pair.end_ns;
    round_trips += pair.round_trips;
    for (const Player* player : {&pair.ping, &pair.pong})
      switches += player->counts.voluntary_switches + player->counts.involuntary_switches;
  }
  printf("{\"schema\":1,\"program\":\"switchstorm\",\"start_ns\":%lld,\"end_ns\":%lld,",
         static_cast<long long>(start_ns), static_cast<long long>(end_ns));
  printf("\"round_trips\":%lld,\"ns_per_round_trip\":%.1f,\"switches\":%lld,",
         static_cast<long long>(round_trips),
         round_trips > 0 ? static_cast<double>(end_ns - start_ns) / static_cast<double>(round_trips)
                         : 0.0,
         static_cast<long long>(switches));
  printf("\"switches_at_least\":%lld,\"pinned\":%s,\"pairs\":[",
         static_cast<long long>(options.pin >= 0 ? 2 * round_trips : 0),
         options.pin >= 0 ? "true" : "false");
  for (int i = 0; i < options.pairs; i++) {
    printf("%s{\"ping_tid\":%d,\"pong_tid\":%d,\"round_trips\":%lld}", i > 0 ? "," : "",
           pairs[i].ping.counts.tid, pairs[i].pong.counts.tid,
           static_cast<long long>(pairs[i].round_trips));
  }
  printf("],\"threads\":[");
  for (int i = 0; i < options.pairs; i++) {
    for (const bool is_ping : {true, false}) {
      const Player& player = is_ping ? pairs[i].ping : pairs[i].pong;
      char name[16];
      snprintf(name, sizeof name, "%s-%d", is_ping ? "ping" : "pong", i);
      if (i > 0 || !is_ping) printf(",");
      workload::print_thread(name, player.pid, player.counts);
      printf("}");
    }
  }
  printf("]}\n");
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("pairs", options.pairs, 1, 1000)
      .number("pin", options.pin, 0, CPU_SETSIZE - 1)
      .number("ops", options.ops, 1, 1e15)
      .number("work", options.ops, 1, 1e15)
      .seconds(options.seconds)
      .flag("processes", options.processes)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const sigset_t signals = workload::block_end_signals();
  if (options.pin >= 0) pin_to(options.pin);
  auto* court = new (shared_memory(sizeof(Court))) Court;
  auto* pairs =
      static_cast<Pair*>(shared_memory(sizeof(Pair) * static_cast<size_t>(options.pairs)));

  // The vectors are full before the first player starts: seats do not move any more.
  std::vector<Seat> seats;
  std::vector<pthread_t> threads;
  for (int i = 0; i < options.pairs; i++) {
    if (pipe(pairs[i].to_pong) != 0 || pipe(pairs[i].to_ping) != 0)
      workload::give_up(kProgram, "cannot make a pipe");
    seats.push_back({court, &pairs[i], &options, getpid(), i, true});
    seats.push_back({court, &pairs[i], &options, getpid(), i, false});
  }
  for (Seat& seat : seats) start_player(seat, threads);

  const int players = 2 * options.pairs;
  const timespec moment{0, 200'000};
  while (court->waiting < players) nanosleep(&moment, nullptr);
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  court->go = true;
  workload::wait_for_end(signals, options.seconds, [&] { return court->done == players; });
  court->stop = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  for (int status = 0; options.processes && wait(&status) > 0;) {
    if (status == 0) continue;
    fprintf(stderr, "%s: a player died (wait status 0x%x): no truth can be told\n", kProgram,
            status);
    return workload::kEnvironment;
  }
  print_truth(options, pairs, start_ns);
  return 0;
}
