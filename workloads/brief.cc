// brief: threads and processes that live for less than a millisecond, and one process that executes
// one program after the other.
//
// What lives so briefly is over before anybody who looks into /proc has seen it: who it was, and
// where its time went, is known only from the kernel's own words, in their order. Each brief thread
// and process does the same work by the count, and counts its CPU time itself; what the kernel does
// for it before its first instruction is in that count, what it does after the last is not.

#include <sys/mman.h>
#include <sys/wait.h>

#include <string>

#include "workloads/brief/executed.h"
#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

WORKLOAD_BURNER(brief_thread_work, 0xbf58476d1ce4e5b9)
WORKLOAD_BURNER(brief_process_work, 0x94d049bb133111eb)

namespace {

constexpr char kProgram[] = "brief";
constexpr char kThreadName[] = "brief-thread";
constexpr char kProcessName[] = "brief-process";
/// About a microsecond at 3 GHz.
constexpr double kRoundsPerUs = 500;

constexpr char kHelp[] =
    R"(brief: threads and processes that live for less than a millisecond

  --threads-per-s N  threads that are started in a second (default 200; 0: none)
  --forks N          processes that are started in a second (default 100; 0: none)
  --life US          work of each, microseconds at 3 GHz (default 200)
  --exec N           first, a process that executes N programs, one after the other (default 0)
  --seconds S        stop after S seconds (default: no limit)
  --help             this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: how many threads and processes there
were, their names and their CPU time. workloads/README.md describes the fields.
)";

/// Of all threads, or of all processes. In memory that both sides of a fork share.
struct Lives {
  std::atomic<int64_t> started = 0;
  std::atomic<int64_t> ended = 0;
  std::atomic<int64_t> cpu_ns = 0;   ///< of whole lives
  std::atomic<int64_t> work_ns = 0;  ///< in the function
};

struct Options {
  double threads_per_s = 200;
  double forks = 100;
  double life_us = 200;
  int programs = 0;
  double seconds = 0;
};

struct Nursery {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  Lives* threads = nullptr;
  Lives* processes = nullptr;
  workload::ThreadCounts counts;
};

template <class Work>
void live(const Options& options, const char* name, Lives& lives, Work work) {
  prctl(PR_SET_NAME, name);
  workload::Slices slices = workload::slices(1);
  slices.rounds = static_cast<uint64_t>(options.life_us * kRoundsPerUs);
  slices.run(work);
  lives.work_ns += slices.cpu_ns;
  lives.cpu_ns += workload::clock_ns(CLOCK_THREAD_CPUTIME_ID);
  lives.ended++;
}

void* brief_thread(void* argument) {
  const auto& nursery = *static_cast<Nursery*>(argument);
  live(*nursery.options, kThreadName, *nursery.threads, brief_thread_work);
  return nullptr;
}

void start_thread(Nursery& nursery) {
  pthread_t thread{};
  errno = pthread_create(&thread, nullptr, brief_thread, &nursery);
  if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
  pthread_detach(thread);
  nursery.threads->started++;
}

void start_process(Nursery& nursery) {
  const int child = fork();
  if (child < 0) workload::give_up(kProgram, "cannot start a process");
  if (child == 0) {
    live(*nursery.options, kProcessName, *nursery.processes, brief_process_work);
    _exit(0);
  }
  nursery.processes->started++;
}

/// Starts one of each kind when its time has come, and buries the dead.
void* nurse(void* argument) {
  auto& nursery = *static_cast<Nursery*>(argument);
  prctl(PR_SET_NAME, "brief-nurse");
  struct Kind {
    double per_s;
    void (*start)(Nursery&);
    int64_t next_ns;
  };
  const int64_t now_ns = workload::clock_ns(CLOCK_MONOTONIC);
  Kind kinds[] = {{nursery.options->threads_per_s, start_thread, now_ns},
                  {nursery.options->forks, start_process, now_ns}};
  while (!nursery.crew->is_over()) {
    // Not longer: the end must be seen.
    int64_t wake_ns = workload::clock_ns(CLOCK_MONOTONIC) + 20'000'000;
    for (Kind& kind : kinds) {
      if (kind.per_s == 0) continue;
      if (kind.next_ns <= workload::clock_ns(CLOCK_MONOTONIC)) {
        kind.start(nursery);
        kind.next_ns += static_cast<int64_t>(1e9 / kind.per_s);
      }
      wake_ns = std::min(wake_ns, kind.next_ns);
    }
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    const timespec wake{wake_ns / 1'000'000'000, wake_ns % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  }
  while (waitpid(-1, nullptr, 0) > 0) {
  }
  const timespec moment{0, 1'000'000};
  while (nursery.threads->ended < nursery.threads->started) nanosleep(&moment, nullptr);
  nursery.counts = workload::my_counts();
  nursery.crew->be_done();
  return nullptr;
}

void print_lives(workload::Truth& truth, const char* key, const char* name, const Lives& lives) {
  truth.object(key).text("name", name).number("count", lives.started);
  truth.number("cpu_ns", lives.cpu_ns).end();
}

void print_truth(const Nursery& nursery, const brief::ExecutedProcess& executed, int64_t start_ns) {
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  int64_t executed_ns = 0;
  for (const brief::Executed& one : executed.programs) executed_ns += one.cpu_ns;
  truth.object("cpu_ns").number("brief_thread_work", nursery.threads->work_ns);
  truth.number("brief_process_work", nursery.processes->work_ns);
  truth.number("executed_work", executed_ns).end();
  print_lives(truth, "brief_threads", kThreadName, *nursery.threads);
  print_lives(truth, "brief_processes", kProcessName, *nursery.processes);
  truth.number("executed_pid", executed.pid).list("executed");
  for (size_t i = 0; i < executed.programs.size(); i++)
    truth.object(nullptr)
        .text("name", brief::executed_name(static_cast<int>(i)).c_str())
        .number("start_ns", executed.programs[i].start_ns)
        .number("cpu_ns", executed.programs[i].cpu_ns)
        .end();
  truth.end().list("threads").thread("brief-nurse", getpid(), nursery.counts);
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("threads-per-s", options.threads_per_s, 0, 1e5)
      .number("forks", options.forks, 0, 1e5)
      .number("life", options.life_us, 1, 1e6)
      .number("exec", options.programs, 0, 1000)
      .value("program", brief::be_program)  // not for people: what --exec executes
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  workload::Crew crew(kProgram);
  const brief::ExecutedProcess executed = brief::run_programs(options.programs);
  void* shared =
      mmap(nullptr, 2 * sizeof(Lives), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) workload::give_up(kProgram, "cannot map memory");
  auto* lives = new (shared) Lives[2];
  Nursery nursery{.options = &options, .crew = &crew, .threads = &lives[0], .processes = &lives[1]};
  crew.start(nurse, &nursery);
  crew.work_until_end(options.seconds);
  print_truth(nursery, executed, crew.start_ns());
  return 0;
}
