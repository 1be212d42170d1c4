// spin: CPU time divided among named functions in a given ratio.
//
// Each function is called for slices of about a millisecond; which one is next is the one that
// lacks most of its share. The truth is taken, not planned: the thread CPU clock is read before and
// after each call and added to that function. No clock is read inside a function, so that its
// samples are its own. What the loop around the calls costs is printed as "other".
//
// With --work the slices are units of equal work instead, and shares are of units: what is executed
// is then the same every time, and what each function executes is as the shares say. The clock is
// read all the same, but nothing follows from it.
//
// The functions have the names a profile must show (burn.h).

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "workloads/burn.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

WORKLOAD_BURNER(hot, 0xbf58476d1ce4e5b9)
WORKLOAD_BURNER(warm, 0x94d049bb133111eb)
WORKLOAD_BURNER(mild, 0x9e3779b97f4a7c15)
WORKLOAD_BURNER(cool, 0xff51afd7ed558ccd)
WORKLOAD_BURNER(cold, 0xc4ceb9fe1a85ec53)
WORKLOAD_BURNER(icy, 0xd6e8feb86659fd93)

namespace {

constexpr char kProgram[] = "spin";
constexpr char kHelp[] = R"(spin: CPU time divided among named functions in a given ratio

  --split LIST   shares, such as hot=70,warm=20,cold=10 (the default). Functions: hot, warm, mild, cool, cold, icy
  --threads N    number of threads, each with the same split (default 1)
  --work N       N units of work of each thread, divided by the split, then stop: the same instructions every time
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --work or --seconds, then prints its truth as one line of JSON: the CPU time that each function
had, by the thread CPU clock, and with --work its units. workloads/README.md describes the fields.
)";

struct Function {
  const char* name;
  uint64_t (*run)(uint64_t rounds);
};
constexpr Function kFunctions[] = {{"hot", hot},   {"warm", warm}, {"mild", mild},
                                   {"cool", cool}, {"cold", cold}, {"icy", icy}};

struct Share {
  const Function* function = nullptr;
  double share = 0;   ///< of 1
  int64_t units = 0;  ///< with --work: of each thread
};

struct Options {
  std::vector<Share> split;
  int threads = 1;
  int64_t work = 0;  ///< 0: by time
  double seconds = 0;
};

struct Spinner {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  std::string name;
  std::vector<workload::Slices> slices;  ///< as options->split
  int64_t other_ns = 0;
  workload::ThreadCounts counts;
};

/// The function that lacks most of its share, or the number of functions when none lacks any.
size_t next_of(const Spinner& spinner, int64_t total_ns) {
  const std::vector<Share>& split = spinner.options->split;
  size_t next = split.size();
  double most_lacking = -1e300;
  for (size_t i = 0; i < split.size(); i++) {
    const workload::Slices& done = spinner.slices[i];
    if (spinner.options->work > 0 && done.times == split[i].units) continue;
    // By units: the one that is the least part of its way.
    const double lacks =
        spinner.options->work > 0
            ? -(static_cast<double>(done.times) + 0.5) / static_cast<double>(split[i].units)
            : split[i].share * static_cast<double>(total_ns + workload::kSliceNs) -
                  static_cast<double>(done.cpu_ns);
    if (lacks > most_lacking) most_lacking = lacks, next = i;
  }
  return next;
}

void spin(Spinner& spinner) {
  const std::vector<Share>& split = spinner.options->split;
  spinner.slices.assign(split.size(), workload::slices(spinner.options->work));
  int64_t total_ns = 0;
  const int64_t begin_ns = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID);
  while (!spinner.crew->is_over()) {
    const size_t next = next_of(spinner, total_ns);
    if (next == split.size()) break;
    total_ns += spinner.slices[next].run(split[next].function->run);
  }
  spinner.other_ns = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns - total_ns;
  spinner.counts = workload::my_counts();
}

void* thread_main(void* argument) {
  auto* spinner = static_cast<Spinner*>(argument);
  prctl(PR_SET_NAME, spinner->name.c_str());
  spin(*spinner);
  spinner->crew->be_done();
  return nullptr;
}

void print_functions(workload::Truth& truth, const char* key, const std::vector<Share>& split,
                     const std::vector<int64_t>& values) {
  truth.object(key);
  for (size_t i = 0; i < split.size(); i++) truth.number(split[i].function->name, values[i]);
  truth.end();
}

void print_truth(const Options& options, const std::vector<Spinner>& spinners, int64_t start_ns) {
  std::vector<int64_t> cpu_ns(options.split.size(), 0), units(options.split.size(), 0);
  int64_t other_ns = 0;
  int64_t total_ns = 0;
  for (const Spinner& spinner : spinners) {
    for (size_t i = 0; i < cpu_ns.size(); i++) {
      cpu_ns[i] += spinner.slices[i].cpu_ns;
      units[i] += spinner.slices[i].times;
    }
    other_ns += spinner.other_ns;
    total_ns += spinner.counts.cpu_ns;
  }
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  print_functions(truth, "cpu_ns", options.split, cpu_ns);
  truth.number("other_ns", other_ns).number("total_cpu_ns", total_ns);
  if (options.work > 0) print_functions(truth, "work", options.split, units);
  truth.list("threads");
  for (const Spinner& spinner : spinners) {
    truth.thread(spinner.name.c_str(), getpid(), spinner.counts);
    std::vector<int64_t> of_thread;
    for (const workload::Slices& slices : spinner.slices) of_thread.push_back(slices.cpu_ns);
    print_functions(truth, "functions", options.split, of_thread);
    truth.end();
  }
}

const Function* function_named(const std::string& name) {
  for (const Function& function : kFunctions)
    if (name == function.name) return &function;
  return nullptr;
}

/// "hot=70,warm=30" into shares of 1.
std::vector<Share> parse_split(const std::string& text) {
  std::vector<Share> split;
  double sum = 0;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string item = text.substr(at, comma - at);
    const size_t equals = item.find('=');
    if (equals == std::string::npos) workload::usage_error(kProgram, "no share in", item.c_str());
    const Function* function = function_named(item.substr(0, equals));
    if (function == nullptr) workload::usage_error(kProgram, "no such function in", item.c_str());
    for (const Share& share : split)
      if (share.function == function)
        workload::usage_error(kProgram, "named twice:", function->name);
    const double share = workload::number(kProgram, "split", item.c_str() + equals + 1, 0.001, 1e9);
    split.push_back({function, share});
    sum += share;
    at = comma + 1;
  }
  for (Share& share : split) share.share /= sum;
  return split;
}

/// Whole units that add up to `work`, each within one of its share.
void divide(int64_t work, std::vector<Share>& split) {
  double sum = 0;
  int64_t given = 0;
  for (Share& share : split) {
    sum += share.share;
    share.units = std::llround(sum * static_cast<double>(work)) - given;
    given += share.units;
  }
}

Options parse(int argc, char** argv) {
  Options options;
  options.split = parse_split("hot=70,warm=20,cold=10");
  workload::CommandLine(kProgram, kHelp)
      .value("split", [&](char* text) { options.split = parse_split(text); })
      .number("threads", options.threads, 1, 1000)
      .number("work", options.work, 1, 1e12)
      .seconds(options.seconds)
      .parse(argc, argv);
  divide(options.work, options.split);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  workload::Crew crew(kProgram);
  std::vector<Spinner> spinners(static_cast<size_t>(options.threads));
  for (size_t i = 0; i < spinners.size(); i++) {
    spinners[i].options = &options;
    spinners[i].crew = &crew;
    spinners[i].name = "spin-" + std::to_string(i);
    crew.start(thread_main, &spinners[i]);
  }
  crew.work_until_end(options.seconds);
  print_truth(options, spinners, crew.start_ns());
  return 0;
}
