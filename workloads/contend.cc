// contend: threads that want one mutex, and hold it for a known time.
//
// Each takes the mutex, works by the count inside, gives it back, works outside. The mutex is the
// C library's, so that waits are those of a futex, and whoever ends one is the thread that gave the
// mutex back: any of the others. How often a thread really had to wait depends on how they meet; it
// is counted as the kernel's count of voluntary switches, which grows exactly then.

#include <string>

#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

WORKLOAD_BURNER(contend_inside, 0xbf58476d1ce4e5b9)
WORKLOAD_BURNER(contend_outside, 0x94d049bb133111eb)

namespace {

constexpr char kProgram[] = "contend";
/// About a microsecond at 3 GHz.
constexpr double kRoundsPerUs = 500;

constexpr char kHelp[] = R"(contend: threads that want one mutex and hold it for a known time

  --threads N    number of threads (default 4)
  --hold US      work with the mutex, microseconds at 3 GHz (default 200)
  --outside US   work between, without it (default 100)
  --work N       each thread takes the mutex N times, then stops
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --work or --seconds, then prints its truth as one line of JSON: CPU time with and without the
mutex, per thread how often it waited, and who can have ended that. workloads/README.md describes the fields.
)";

struct Options {
  int threads = 4;
  double hold_us = 200;
  double outside_us = 100;
  int64_t work = 0;  ///< 0: no limit
  double seconds = 0;
};

struct Contender {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  pthread_mutex_t* mutex = nullptr;
  std::string name;
  workload::Slices inside, outside;
  int64_t waits = 0;
  workload::ThreadCounts counts;
};

int64_t voluntary_switches() {
  return workload::my_counts().voluntary_switches;
}

workload::Slices work_of(double us) {
  workload::Slices slices = workload::slices(1);
  slices.rounds = static_cast<uint64_t>(us * kRoundsPerUs);
  return slices;
}

void contend(Contender& contender) {
  const int64_t work = contender.options->work;
  contender.inside = work_of(contender.options->hold_us);
  contender.outside = work_of(contender.options->outside_us);
  while (!contender.crew->is_over() && (work == 0 || contender.inside.times < work)) {
    const int64_t before = voluntary_switches();
    pthread_mutex_lock(contender.mutex);
    contender.waits += voluntary_switches() - before;
    contender.inside.run(contend_inside);
    pthread_mutex_unlock(contender.mutex);
    contender.outside.run(contend_outside);
  }
}

void* thread_main(void* argument) {
  auto* contender = static_cast<Contender*>(argument);
  prctl(PR_SET_NAME, contender->name.c_str());
  contend(*contender);
  contender->counts = workload::my_counts();
  contender->crew->be_done();
  return nullptr;
}

void print_thread(workload::Truth& truth, const Contender& contender,
                  const std::vector<Contender>& all) {
  truth.thread(contender.name.c_str(), getpid(), contender.counts);
  truth.number("waits", contender.waits).text("reason", "futex").number("woken_by", 0);
  truth.list("woken_by_any");
  for (const Contender& other : all)
    if (&other != &contender) truth.number(nullptr, other.counts.tid);
  truth.end().number("held", contender.inside.times).end();
}

void print_truth(const std::vector<Contender>& contenders, int64_t start_ns) {
  int64_t inside_ns = 0, outside_ns = 0, held = 0;
  for (const Contender& contender : contenders) {
    inside_ns += contender.inside.cpu_ns;
    outside_ns += contender.outside.cpu_ns;
    held += contender.inside.times;
  }
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  truth.object("cpu_ns").number("contend_inside", inside_ns);
  truth.number("contend_outside", outside_ns).end().number("held", held).list("threads");
  for (const Contender& contender : contenders) print_thread(truth, contender, contenders);
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("threads", options.threads, 2, 1000)
      .number("hold", options.hold_us, 1, 1e6)
      .number("outside", options.outside_us, 1, 1e6)
      .number("work", options.work, 1, 1e12)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  workload::Crew crew(kProgram);
  std::vector<Contender> contenders(static_cast<size_t>(options.threads));
  for (size_t i = 0; i < contenders.size(); i++) {
    contenders[i].options = &options;
    contenders[i].crew = &crew;
    contenders[i].mutex = &mutex;
    contenders[i].name = "contend-" + std::to_string(i);
    crew.start(thread_main, &contenders[i]);
  }
  crew.work_until_end(options.seconds);
  print_truth(contenders, crew.start_ns());
  return 0;
}
