// waits: two threads that wait for each other, and what they waited for.
//
// Ping and pong take turns: one wakes the other and then waits itself, over one kind of object. All
// that they wait for in their turns is that object, and who ends a wait is the other one; that is
// the truth. How often a turn really had to wait depends on how the two met, so it is counted: the
// kernel's count of voluntary switches, read before and after each wait, grows exactly then.
//
// With --over timer each only sleeps, 200 us at a time; a timer interrupt ends it.

#include <linux/futex.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <atomic>

#include "workloads/workload.h"

namespace {

using workload::ThreadCounts;

constexpr char kProgram[] = "waits";

constexpr char kHelp[] = R"(waits: two threads that wait for each other, over one kind of object

  --over KIND    pipe (default), eventfd, socket, futex, timer
  --ops N        stop after N turns (default: no limit)
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --ops or --seconds, then prints its truth as one line of JSON: per thread how often it waited,
for what, and who ended the waits. workloads/README.md describes the fields.
)";

/// One direction between the two. Waiting ends when a turn was given; nobody else gives any.
struct Channel {
  int read_fd = -1;
  int write_fd = -1;
  std::atomic<uint32_t> word = 0;  ///< futex: 1 when there is a turn
};

struct Kind {
  const char* name;
  void (*open)(Channel& channel);
  void (*give)(Channel& channel);
  void (*take)(Channel& channel);
};

void open_pipe(Channel& channel) {
  int ends[2];
  if (pipe(ends) != 0) workload::give_up(kProgram, "cannot make a pipe");
  channel.read_fd = ends[0];
  channel.write_fd = ends[1];
}

void open_eventfd(Channel& channel) {
  channel.read_fd = channel.write_fd = eventfd(0, EFD_CLOEXEC);
  if (channel.read_fd < 0) workload::give_up(kProgram, "cannot make an eventfd");
}

void open_socket(Channel& channel) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
    workload::give_up(kProgram, "cannot make a socket pair");
  channel.read_fd = ends[0];
  channel.write_fd = ends[1];
}

/// Eight bytes: what an eventfd takes, and the others do not mind.
void give_bytes(Channel& channel) {
  const uint64_t turn = 1;
  while (write(channel.write_fd, &turn, sizeof turn) < 0 && errno == EINTR) {
  }
}

void take_bytes(Channel& channel) {
  uint64_t turn = 0;
  while (read(channel.read_fd, &turn, sizeof turn) < 0 && errno == EINTR) {
  }
}

void open_nothing(Channel&) {}

void give_futex(Channel& channel) {
  channel.word = 1;
  syscall(SYS_futex, &channel.word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void take_futex(Channel& channel) {
  while (channel.word.exchange(0) == 0)
    syscall(SYS_futex, &channel.word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

void give_nothing(Channel&) {}

void sleep_a_moment(Channel&) {
  const timespec moment{0, 200'000};
  nanosleep(&moment, nullptr);
}

constexpr Kind kKinds[] = {
    {"pipe", open_pipe, give_bytes, take_bytes},
    {"eventfd", open_eventfd, give_bytes, take_bytes},
    {"socket", open_socket, give_bytes, take_bytes},
    {"futex", open_nothing, give_futex, take_futex},
    {"timer", open_nothing, give_nothing, sleep_a_moment},
};

struct Options {
  const Kind* kind = kKinds;
  int64_t ops = 0;  ///< 0: no limit
  double seconds = 0;
};

struct Player {
  const char* name;
  const Options* options;
  Channel* mine;    ///< where its turns come from
  Channel* others;  ///< where it gives them
  bool is_first;
  std::atomic<bool>* stop;
  std::atomic<int>* done;
  ThreadCounts counts;
  int64_t waits = 0;
};

int64_t voluntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

void* play(void* argument) {
  auto& player = *static_cast<Player*>(argument);
  prctl(PR_SET_NAME, player.name);
  const Kind& kind = *player.options->kind;
  const int64_t limit = player.options->ops > 0 ? player.options->ops : INT64_MAX;
  for (int64_t turn = 0; turn < limit && !*player.stop; turn++) {
    if (player.is_first) kind.give(*player.others);
    const int64_t before = voluntary_switches();
    kind.take(*player.mine);
    player.waits += voluntary_switches() - before;
    if (!player.is_first) kind.give(*player.others);
  }
  kind.give(*player.others);  // nobody is left waiting
  player.counts = workload::my_counts();
  (*player.done)++;
  kill(getpid(), SIGUSR1);
  return nullptr;
}

void print_truth(const Options& options, const Player (&players)[2], int64_t start_ns) {
  printf(
      "{\"schema\":1,\"program\":\"waits\",\"over\":\"%s\",\"start_ns\":%lld,\"end_ns\":%lld,"
      "\"threads\":[",
      options.kind->name, static_cast<long long>(start_ns),
      static_cast<long long>(workload::clock_ns(CLOCK_MONOTONIC)));
  for (int i = 0; i < 2; i++) {
    if (i > 0) printf(",");
    workload::print_thread(players[i].name, getpid(), players[i].counts);
    printf(",\"waits\":%lld,\"woken_by\":%d}", static_cast<long long>(players[i].waits),
           strcmp(options.kind->name, "timer") == 0 ? 0 : players[1 - i].counts.tid);
  }
  printf("]}\n");
}

const Kind* kind_of(const char* name) {
  for (const Kind& kind : kKinds)
    if (strcmp(kind.name, name) == 0) return &kind;
  workload::usage_error(kProgram, "--over knows no", name);
}

Options parse(int argc, char** argv) {
  const option known[] = {
      {"over", required_argument, nullptr, 'k'},
      {"ops", required_argument, nullptr, 'o'},
      {"seconds", required_argument, nullptr, 's'},
      {"help", no_argument, nullptr, 'h'},
      {nullptr, 0, nullptr, 0},
  };
  Options options;
  int got = 0;
  while ((got = getopt_long(argc, argv, "", known, nullptr)) != -1) {
    switch (got) {
      case 'k':
        options.kind = kind_of(optarg);
        break;
      case 'o':
        options.ops = static_cast<int64_t>(workload::number(kProgram, "ops", optarg, 1, 1e15));
        break;
      case 's':
        options.seconds = workload::number(kProgram, "seconds", optarg, 0.001, 1e6);
        break;
      case 'h':
        fputs(kHelp, stdout);
        exit(0);
      default:
        exit(workload::kUsage);  // getopt has said what was wrong
    }
  }
  if (optind < argc) workload::usage_error(kProgram, "unexpected argument", argv[optind]);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const sigset_t signals = workload::block_end_signals();
  Channel to_ping, to_pong;
  options.kind->open(to_ping);
  options.kind->open(to_pong);
  std::atomic<bool> stop = false;
  std::atomic<int> done = 0;
  Player players[2] = {{"ping", &options, &to_ping, &to_pong, true, &stop, &done, {}},
                       {"pong", &options, &to_pong, &to_ping, false, &stop, &done, {}}};
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    errno = pthread_create(&threads[i], nullptr, play, &players[i]);
    if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
  }
  workload::wait_for_end(signals, options.seconds, [&] { return done == 2; });
  stop = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  print_truth(options, players, start_ns);
  return 0;
}
