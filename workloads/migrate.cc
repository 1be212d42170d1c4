// migrate: threads that go from CPU to CPU, and change their priority on the way.
//
// A thread moves itself: it may run on one CPU at any time, and goes to another by saying that it
// may run on that one alone. So each move is a migration, there are no others, and the CPU time of
// each stay belongs to one CPU. Where a thread goes is drawn by lot, the same lots for the same
// seed.
//
// The work of a stay reads no clock. Between two stays there are a few system calls, whose time is
// partly here, partly there, and in no count.

#include <map>
#include <string>

#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

WORKLOAD_BURNER(migrate_work, 0xbf58476d1ce4e5b9)

namespace {

constexpr char kProgram[] = "migrate";
constexpr int kNice = 5;

constexpr char kHelp[] =
    R"(migrate: threads that go from CPU to CPU

  --threads N    number of threads (default 2)
  --stay MS      CPU time on a CPU before the thread goes to another, milliseconds (default 5)
  --priorities   at every move another priority: nice 0, nice 5, real-time 1 in turns (wants to be root)
  --seed N       which CPU is next (default 1)
  --work N       N stays of each thread, then stop, each as long as 2.5 million rounds take
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --work or --seconds, then prints its truth as one line of JSON: per thread how often it changed
its CPU and its priority, and its CPU time on each. workloads/README.md describes the fields.
)";

struct Options {
  int threads = 2;
  double stay_ms = 5;
  bool priorities = false;
  uint64_t seed = 1;
  int64_t work = 0;  ///< 0: by time
  double seconds = 0;
};

struct Stays {
  int64_t count = 0;
  int64_t cpu_ns = 0;
};

struct Traveller {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  const std::vector<int>* cpus = nullptr;
  std::string name;
  uint64_t lot = 0;
  size_t at = 0;  ///< of cpus
  workload::Slices stays;
  std::map<int, Stays> by_cpu;
  int64_t migrations = 0;
  int64_t priority_changes = 0;
  workload::ThreadCounts counts;
};

/// Those that this process may run on.
std::vector<int> my_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) workload::give_up(kProgram, "no CPUs are told");
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

void go_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0)
    workload::give_up(kProgram, "cannot go to another CPU");
}

/// Nice 0, nice kNice, real-time, and again.
void take_priority(int64_t turn) {
  const bool is_real_time = turn % 3 == 2;
  const sched_param parameters{.sched_priority = is_real_time ? 1 : 0};
  if (sched_setscheduler(0, is_real_time ? SCHED_FIFO : SCHED_OTHER, &parameters) != 0 ||
      setpriority(PRIO_PROCESS, 0, turn % 3 == 1 ? kNice : 0) != 0)
    workload::give_up(kProgram, "--priorities");
}

/// Any CPU but the one it is on.
size_t next_stop(Traveller& traveller) {
  traveller.lot = traveller.lot * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
  const size_t others = traveller.cpus->size() - 1;
  return (traveller.at + 1 + (traveller.lot >> 33) % others) % traveller.cpus->size();
}

void travel(Traveller& traveller) {
  const Options& options = *traveller.options;
  while (!traveller.crew->is_over() &&
         (options.work == 0 || traveller.stays.times < options.work)) {
    traveller.at = next_stop(traveller);
    const int cpu = (*traveller.cpus)[traveller.at];
    go_to(cpu);
    traveller.migrations++;
    if (options.priorities) take_priority(++traveller.priority_changes);
    Stays& here = traveller.by_cpu[cpu];
    here.cpu_ns += traveller.stays.run(migrate_work);
    here.count++;
  }
}

void* thread_main(void* argument) {
  auto* traveller = static_cast<Traveller*>(argument);
  prctl(PR_SET_NAME, traveller->name.c_str());
  go_to((*traveller->cpus)[traveller->at]);
  travel(*traveller);
  traveller->counts = workload::my_counts();
  traveller->crew->be_done();
  return nullptr;
}

void print_truth(const std::vector<Traveller>& travellers, int64_t start_ns) {
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  int64_t cpu_ns = 0, migrations = 0;
  for (const Traveller& traveller : travellers) {
    cpu_ns += traveller.stays.cpu_ns;
    migrations += traveller.migrations;
  }
  truth.object("cpu_ns").number("migrate_work", cpu_ns).end();
  truth.number("migrations", migrations).list("threads");
  for (const Traveller& traveller : travellers) {
    truth.thread(traveller.name.c_str(), getpid(), traveller.counts);
    truth.number("migrations", traveller.migrations);
    truth.number("priority_changes", traveller.priority_changes).list("cpus");
    for (const auto& [cpu, stays] : traveller.by_cpu)
      truth.object(nullptr)
          .number("cpu", cpu)
          .number("stays", stays.count)
          .number("cpu_ns", stays.cpu_ns)
          .end();
    truth.end().end();
  }
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("threads", options.threads, 1, 1000)
      .number("stay", options.stay_ms, 0.1, 1e5)
      .flag("priorities", options.priorities)
      .number("seed", options.seed, 0, 1e15)
      .number("work", options.work, 1, 1e12)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const std::vector<int> cpus = my_cpus();
  if (cpus.size() < 2) {
    fprintf(stderr, "%s: there is only one CPU to be on\n", kProgram);
    return workload::kEnvironment;
  }
  workload::Crew crew(kProgram);
  std::vector<Traveller> travellers(static_cast<size_t>(options.threads));
  for (size_t i = 0; i < travellers.size(); i++) {
    Traveller& traveller = travellers[i];
    traveller.options = &options;
    traveller.crew = &crew;
    traveller.cpus = &cpus;
    traveller.name = "migrate-" + std::to_string(i);
    traveller.lot = options.seed * 1000 + i;
    traveller.at = i % cpus.size();
    traveller.stays = workload::slices(options.work, static_cast<int64_t>(options.stay_ms * 1e6));
    if (options.work > 0) traveller.stays.rounds = 25 * workload::kUnitRounds;
    crew.start(thread_main, &traveller);
  }
  crew.work_until_end(options.seconds);
  print_truth(travellers, crew.start_ns());
  return 0;
}
