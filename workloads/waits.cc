// waits: two threads that wait for each other, and what they waited for; of each kind of object a
// pair of its own, one after the other.
//
// Ping and pong take turns: one wakes the other and then waits itself, over one kind of object. All
// that they wait for in their turns is that object, and who ends a wait is the other one; that is
// the truth. How often a turn really had to wait depends on how the two met, so it is counted: the
// kernel's count of voluntary switches, read before and after each wait, grows exactly then.
//
// Some kinds have no turns: with --over timer each only sleeps, 200 us at a time; child, disk and
// kernel-lock are alike. With page-fault the second thread serves the first.

#include <pthread.h>

#include <atomic>
#include <list>
#include <vector>

#include "workloads/options.h"
#include "workloads/waits/kinds.h"
#include "workloads/workload.h"

namespace {

using waits::Channel;
using waits::Kind;
using workload::ThreadCounts;

constexpr char kProgram[] = "waits";

constexpr char kHelp[] = R"(waits: two threads that wait for each other, over one kind of object

  --over KIND,…  pipe (default), eventfd, socket, futex, poll, epoll, signal, timer, child,
                 kernel-lock, disk (a file in the working directory), page-fault; of several, each
                 has its part of the seconds, and they must be given
  --ops N        stop after N turns (default: no limit)
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --ops or --seconds, then prints its truth as one line of JSON: per thread how often it waited,
for what, and who ended the waits. workloads/README.md describes the fields.
)";

struct Options {
  std::vector<const Kind*> kinds;
  int64_t ops = 0;  ///< 0: no limit
  double seconds = 0;
};

struct Player {
  const char* name;
  const Kind* kind;
  int64_t ops;
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

/// The second of a pair that is not alike: until the first has ended. Its give() looks up now and
/// then.
void serve(Player& player) {
  while (*player.done == 0) player.kind->give(*player.others);
}

void take_turns(Player& player) {
  const Kind& kind = *player.kind;
  const int64_t limit = player.ops > 0 ? player.ops : INT64_MAX;
  for (int64_t turn = 0; turn < limit && !*player.stop; turn++) {
    if (player.is_first && kind.both) kind.give(*player.others);
    kind.prepare(*player.mine);
    const int64_t before = voluntary_switches();
    kind.take(*player.mine);
    player.waits += voluntary_switches() - before;
    if (!player.is_first) kind.give(*player.others);
  }
  if (kind.both) kind.give(*player.others);  // nobody is left waiting
}

void* play(void* argument) {
  auto& player = *static_cast<Player*>(argument);
  prctl(PR_SET_NAME, player.name);
  const bool is_server = !player.kind->both && !player.is_first;
  if (is_server) {
    serve(player);
  } else {
    take_turns(player);
  }
  player.counts = workload::my_counts();
  (*player.done)++;
  kill(getpid(), SIGUSR1);
  return nullptr;
}

/// Two threads and what is between them. Stays until the truth is printed.
struct Game {
  explicit Game(const Kind& kind, int64_t ops) {
    kind.open(to_ping);
    kind.open(to_pong);
    players[0] = {"ping", &kind, ops, &to_ping, &to_pong, true, &stop, &done, {}};
    players[1] = {"pong", &kind, ops, &to_pong, &to_ping, false, &stop, &done, {}};
  }

  void play_for(const sigset_t& signals, double seconds) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
      errno = pthread_create(&threads[i], nullptr, play, &players[i]);
      if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
    }
    workload::wait_for_end(signals, seconds, [&] { return done == 2; });
    stop = true;
    for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  }

  Channel to_ping, to_pong;
  std::atomic<bool> stop = false;
  std::atomic<int> done = 0;
  Player players[2] = {};
};

void print_player(const Player& player, const Player& other) {
  workload::print_thread(player.name, getpid(), player.counts);
  if (player.is_first || player.kind->both)
    printf(",\"waits\":%lld,\"reason\":\"%s\",\"woken_by\":%d",
           static_cast<long long>(player.waits), player.kind->reason,
           player.kind->by_other ? other.counts.tid : 0);
  printf("}");
}

void print_truth(const std::list<Game>& games, int64_t start_ns) {
  printf("{\"schema\":1,\"program\":\"waits\",\"over\":\"");
  for (const Game& game : games)
    printf("%s%s", &game == &games.front() ? "" : ",", game.players[0].kind->name);
  printf("\",\"start_ns\":%lld,\"end_ns\":%lld,\"threads\":[", static_cast<long long>(start_ns),
         static_cast<long long>(workload::clock_ns(CLOCK_MONOTONIC)));
  for (const Game& game : games) {
    for (int i = 0; i < 2; i++) {
      if (i > 0 || &game != &games.front()) printf(",");
      print_player(game.players[i], game.players[1 - i]);
    }
  }
  printf("]}\n");
}

/// Of "pipe,futex".
std::vector<const Kind*> kinds_of(char* names) {
  std::vector<const Kind*> kinds;
  char* rest = names;
  for (const char* name = nullptr; (name = strtok_r(rest, ",", &rest)) != nullptr;) {
    kinds.push_back(waits::find_kind(name));
    if (kinds.back() == nullptr) workload::usage_error(kProgram, "--over knows no", name);
  }
  return kinds;
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .value("over", [&](char* text) { options.kinds = kinds_of(text); })
      .number("ops", options.ops, 1, 1e15)
      .seconds(options.seconds)
      .parse(argc, argv);
  if (options.kinds.empty()) options.kinds.push_back(waits::default_kind());
  if (options.kinds.size() > 1 && options.seconds == 0 && options.ops == 0)
    workload::usage_error(kProgram, "several kinds want --seconds or --ops, not", "no limit");
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const sigset_t signals = workload::block_end_signals();
  sigset_t turns;  // of the kind "signal"
  sigemptyset(&turns);
  sigaddset(&turns, SIGUSR2);
  sigprocmask(SIG_BLOCK, &turns, nullptr);
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  std::list<Game> games;
  const double each_s = options.seconds / static_cast<double>(options.kinds.size());
  for (const Kind* kind : options.kinds) {
    games.emplace_back(*kind, options.ops);
    games.back().play_for(signals, each_s);
  }
  print_truth(games, start_ns);
  return 0;
}
