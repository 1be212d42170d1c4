// spin: CPU time divided among named functions in a given ratio.
//
// Each function is called for slices of about a millisecond; which one is next is the one that
// lacks most of its share. The truth is taken, not planned: the thread CPU clock is read before and
// after each call and added to that function. No clock is read inside a function, so that its
// samples are its own. What the loop around the calls costs is printed as "other".
//
// The functions have the names a profile must show. `noipa` keeps the compiler from merging,
// cloning or inlining them.

#include <pthread.h>

#include <atomic>
#include <iterator>
#include <string>
#include <vector>

#include "workloads/options.h"
#include "workloads/workload.h"

// What a profile shows: plain symbols. Different constants, so that a debugger's eye can tell them
// apart too.
#define SPIN_FUNCTION(name, multiplier)                                                   \
  extern "C" [[gnu::noipa]] uint64_t name(uint64_t rounds) {                              \
    uint64_t x = rounds;                                                                  \
    for (uint64_t i = 0; i < rounds; i++) x = (x ^ (x >> 29)) * UINT64_C(multiplier) + i; \
    return x;                                                                             \
  }
SPIN_FUNCTION(hot, 0xbf58476d1ce4e5b9)
SPIN_FUNCTION(warm, 0x94d049bb133111eb)
SPIN_FUNCTION(mild, 0x9e3779b97f4a7c15)
SPIN_FUNCTION(cool, 0xff51afd7ed558ccd)
SPIN_FUNCTION(cold, 0xc4ceb9fe1a85ec53)
SPIN_FUNCTION(icy, 0xd6e8feb86659fd93)
#undef SPIN_FUNCTION

namespace {

constexpr char kProgram[] = "spin";
/// Short against any sampling interval's share, long against a clock read (well under 1 µs).
constexpr int64_t kSliceNs = 1'000'000;
constexpr uint64_t kFirstRounds = 100'000;

constexpr char kHelp[] = R"(spin: CPU time divided among named functions in a given ratio

  --split LIST   shares, such as hot=70,warm=20,cold=10 (the default). Functions: hot, warm, mild, cool, cold, icy
  --threads N    number of threads, each with the same split (default 1)
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: the CPU time that each function had,
by the thread CPU clock. workloads/README.md describes the fields.
)";

struct Function {
  const char* name;
  uint64_t (*run)(uint64_t rounds);
};
constexpr Function kFunctions[] = {{"hot", hot},   {"warm", warm}, {"mild", mild},
                                   {"cool", cool}, {"cold", cold}, {"icy", icy}};

struct Share {
  const Function* function = nullptr;
  double share = 0;  ///< of 1
};

struct Options {
  std::vector<Share> split;
  int threads = 1;
  double seconds = 0;
};

struct Spinner {
  const Options* options = nullptr;
  std::atomic<bool>* stop = nullptr;
  int index = 0;
  std::vector<int64_t> cpu_ns;  ///< as options->split
  int64_t other_ns = 0;
  workload::ThreadCounts counts;
};

void spin(Spinner& spinner) {
  const std::vector<Share>& split = spinner.options->split;
  spinner.cpu_ns.assign(split.size(), 0);
  std::vector<uint64_t> rounds(split.size(), kFirstRounds);
  int64_t total = 0;
  int64_t before = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID);
  const int64_t begin = before;
  while (!spinner.stop->load(std::memory_order_relaxed)) {
    size_t next = 0;
    double most_lacking = -1e300;
    for (size_t i = 0; i < split.size(); i++) {
      const double lacks = split[i].share * static_cast<double>(total + kSliceNs) -
                           static_cast<double>(spinner.cpu_ns[i]);
      if (lacks > most_lacking) most_lacking = lacks, next = i;
    }
    before = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID);
    split[next].function->run(rounds[next]);
    const int64_t took = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
    spinner.cpu_ns[next] += took;
    total += took;
    // Towards one slice, at most by a factor of two at a time: an interrupt must not spoil the next
    // slices.
    if (took > 2 * kSliceNs && rounds[next] > 1000)
      rounds[next] /= 2;
    else if (took < kSliceNs / 2)
      rounds[next] *= 2;
  }
  spinner.other_ns = workload::clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin - total;
  spinner.counts = workload::my_counts();
}

void* thread_main(void* argument) {
  auto* spinner = static_cast<Spinner*>(argument);
  char name[16];
  snprintf(name, sizeof name, "spin-%d", spinner->index);
  prctl(PR_SET_NAME, name);
  spin(*spinner);
  return nullptr;
}

void print_functions(const std::vector<Share>& split, const std::vector<int64_t>& cpu_ns) {
  printf("{");
  for (size_t i = 0; i < split.size(); i++)
    printf("%s\"%s\":%lld", i > 0 ? "," : "", split[i].function->name,
           static_cast<long long>(cpu_ns[i]));
  printf("}");
}

void print_truth(const Options& options, const std::vector<Spinner>& spinners, int64_t start_ns,
                 int64_t end_ns) {
  std::vector<int64_t> cpu_ns(options.split.size(), 0);
  int64_t other_ns = 0;
  int64_t total_ns = 0;
  for (const Spinner& spinner : spinners) {
    for (size_t i = 0; i < cpu_ns.size(); i++) cpu_ns[i] += spinner.cpu_ns[i];
    other_ns += spinner.other_ns;
    total_ns += spinner.counts.cpu_ns;
  }
  printf("{\"schema\":1,\"program\":\"spin\",\"start_ns\":%lld,\"end_ns\":%lld,\"cpu_ns\":",
         static_cast<long long>(start_ns), static_cast<long long>(end_ns));
  print_functions(options.split, cpu_ns);
  printf(",\"other_ns\":%lld,\"total_cpu_ns\":%lld,\"threads\":[", static_cast<long long>(other_ns),
         static_cast<long long>(total_ns));
  for (size_t i = 0; i < spinners.size(); i++) {
    const std::string name = "spin-" + std::to_string(i);
    if (i > 0) printf(",");
    workload::print_thread(name.c_str(), getpid(), spinners[i].counts);
    printf(",\"functions\":");
    print_functions(options.split, spinners[i].cpu_ns);
    printf("}");
  }
  printf("]}\n");
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

Options parse(int argc, char** argv) {
  Options options;
  options.split = parse_split("hot=70,warm=20,cold=10");
  workload::CommandLine(kProgram, kHelp)
      .value("split", [&](char* text) { options.split = parse_split(text); })
      .number("threads", options.threads, 1, 1000)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const sigset_t signals = workload::block_end_signals();
  std::atomic<bool> stop = false;
  std::vector<Spinner> spinners(static_cast<size_t>(options.threads));
  std::vector<pthread_t> threads(spinners.size());
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  for (size_t i = 0; i < spinners.size(); i++) {
    spinners[i].options = &options;
    spinners[i].stop = &stop;
    spinners[i].index = static_cast<int>(i);
    errno = pthread_create(&threads[i], nullptr, thread_main, &spinners[i]);
    if (errno != 0) workload::give_up(kProgram, "cannot start a thread");
  }
  workload::wait_for_end(signals, options.seconds, [] { return false; });
  stop = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  print_truth(options, spinners, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  return 0;
}
