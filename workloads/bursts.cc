// bursts: threads that are busy for a while, idle for a longer while, and so on.
//
// A sampler that adapts, or one whose period meets that of the load, sees too much or too little of
// this. A burst is one call of a function that reads no clock; how much work makes a burst of the
// wanted length is learned from the bursts before it, so that the first few are shorter. The truth
// is taken around each: when it began and ended, and the CPU time between.

#include <string>

#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

WORKLOAD_BURNER(burst, 0xbf58476d1ce4e5b9)

namespace {

constexpr char kProgram[] = "bursts";
/// About a millisecond at 3 GHz.
constexpr double kRoundsPerMs = 500'000;
/// Of each thread, in the truth: the default has nine a second.
constexpr size_t kMostWindows = 1000;

constexpr char kHelp[] = R"(bursts: threads that are busy for a while and idle for a longer while

  --busy MS      CPU time of a burst, milliseconds (default 10)
  --idle MS      sleep between two bursts, milliseconds (default 100)
  --threads N    number of threads, each with bursts of its own (default 1)
  --work N       N bursts of each thread, then stop: the same instructions every time, and a burst as long as they take
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --work or --seconds, then prints its truth as one line of JSON: per thread how many bursts there
were, when, and the CPU time that they had. workloads/README.md describes the fields.
)";

struct Options {
  double busy_ms = 10;
  double idle_ms = 100;
  int threads = 1;
  int64_t work = 0;  ///< 0: by time
  double seconds = 0;
};

struct Window {
  int64_t start_ns;  ///< CLOCK_MONOTONIC
  int64_t end_ns;
  int64_t cpu_ns;
};

struct Burster {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  std::string name;
  workload::Slices bursts;
  std::vector<Window> windows;  ///< the first of them
  workload::ThreadCounts counts;
};

void take_turns(Burster& burster) {
  const Options& options = *burster.options;
  const auto idle_ns = static_cast<int64_t>(options.idle_ms * 1e6);
  const timespec idle{idle_ns / 1'000'000'000, idle_ns % 1'000'000'000};
  while (!burster.crew->is_over() && (options.work == 0 || burster.bursts.times < options.work)) {
    const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
    const int64_t cpu_ns = burster.bursts.run(burst);
    if (burster.windows.size() < kMostWindows)
      burster.windows.push_back({start_ns, workload::clock_ns(CLOCK_MONOTONIC), cpu_ns});
    nanosleep(&idle, nullptr);
  }
}

void* thread_main(void* argument) {
  auto* burster = static_cast<Burster*>(argument);
  prctl(PR_SET_NAME, burster->name.c_str());
  take_turns(*burster);
  burster->counts = workload::my_counts();
  burster->crew->be_done();
  return nullptr;
}

void print_truth(const std::vector<Burster>& bursters, int64_t start_ns) {
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  int64_t cpu_ns = 0;
  int64_t bursts = 0;
  for (const Burster& burster : bursters) {
    cpu_ns += burster.bursts.cpu_ns;
    bursts += burster.bursts.times;
  }
  truth.object("cpu_ns").number("burst", cpu_ns).end().number("bursts", bursts).list("threads");
  for (const Burster& burster : bursters) {
    truth.thread(burster.name.c_str(), getpid(), burster.counts);
    truth.number("bursts", burster.bursts.times).number("busy_ns", burster.bursts.cpu_ns);
    truth.list("windows");
    for (const Window& window : burster.windows)
      truth.object(nullptr)
          .number("start_ns", window.start_ns)
          .number("end_ns", window.end_ns)
          .number("cpu_ns", window.cpu_ns)
          .end();
    truth.end().end();
  }
}

Options parse(int argc, char** argv) {
  Options options;
  workload::CommandLine(kProgram, kHelp)
      .number("busy", options.busy_ms, 0.01, 1e6)
      .number("idle", options.idle_ms, 0.01, 1e6)
      .number("threads", options.threads, 1, 1000)
      .number("work", options.work, 1, 1e12)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  workload::Crew crew(kProgram);
  std::vector<Burster> bursters(static_cast<size_t>(options.threads));
  for (size_t i = 0; i < bursters.size(); i++) {
    bursters[i].options = &options;
    bursters[i].crew = &crew;
    bursters[i].name = "burst-" + std::to_string(i);
    bursters[i].bursts =
        workload::slices(options.work, static_cast<int64_t>(options.busy_ms * 1e6));
    if (options.work > 0)
      bursters[i].bursts.rounds = static_cast<uint64_t>(options.busy_ms * kRoundsPerMs);
    crew.start(thread_main, &bursters[i]);
  }
  crew.work_until_end(options.seconds);
  print_truth(bursters, crew.start_ns());
  return 0;
}
