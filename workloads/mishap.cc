// mishap: makes one chosen thing go wrong with the machine it runs on, at a chosen time, and prints
// what it did. The lab's self-test asks of each whether the right verdict came out.
//
// It refuses to run anywhere but in a guest that thawlab booted. What a mishap is and how it is
// made stands in mishap/deeds.cc; this file reads options, waits, and prints the truth.

#include <fcntl.h>

#include <atomic>
#include <thread>

#include "workloads/mishap/deeds.h"

namespace {

constexpr char kProgram[] = "mishap";

constexpr char kHelp[] =
    R"(mishap KIND: makes one thing go wrong with this machine; only in guests of thawlab

  --at T         when, after the start (default 1s)
  --length T     how long, where the kind has a length
  --times N      stall: how often (default 1)
  --every T      stall: from start to start (default 500ms)
  --cpu N|all    which CPU (default 0)
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Times are numbers with a unit: 20ms, 1.5s, 400us. Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line
of JSON: what happened, when, and for how long. workloads/README.md describes the fields.

Kinds:
)";

[[noreturn]] void help() {
  fputs(kHelp, stdout);
  for (const mishap::Kind& kind : mishap::kinds())
    printf("  %-14s %s\n", kind.name.data(), kind.words);
  exit(0);
}

/// "20ms" in nanoseconds.
int64_t duration(const char* option, const char* text) {
  char* unit = nullptr;
  const double value = strtod(text, &unit);
  double scale = 0;
  if (strcmp(unit, "s") == 0) scale = 1e9;
  if (strcmp(unit, "ms") == 0) scale = 1e6;
  if (strcmp(unit, "us") == 0) scale = 1e3;
  if (unit == text || scale == 0 || !(value >= 0 && value * scale <= 1e15)) {
    fprintf(stderr, "%s: --%s wants a time such as 20ms, 1.5s or 400us, not '%s'; try %s --help\n",
            kProgram, option, text, kProgram);
    exit(workload::kUsage);
  }
  return static_cast<int64_t>(value * scale);
}

mishap::Options parse(int argc, char** argv) {
  const option known[] = {
      {"at", required_argument, nullptr, 'a'},    {"length", required_argument, nullptr, 'l'},
      {"times", required_argument, nullptr, 'n'}, {"every", required_argument, nullptr, 'e'},
      {"cpu", required_argument, nullptr, 'c'},   {"seconds", required_argument, nullptr, 's'},
      {"help", no_argument, nullptr, 'h'},        {nullptr, 0, nullptr, 0},
  };
  mishap::Options options;
  int got = 0;
  while ((got = getopt_long(argc, argv, "", known, nullptr)) != -1) {
    switch (got) {
      case 'a':
        options.at_ns = duration("at", optarg);
        break;
      case 'l':
        options.length_ns = duration("length", optarg);
        break;
      case 'n':
        options.times = static_cast<int>(workload::number(kProgram, "times", optarg, 1, 1e6));
        break;
      case 'e':
        options.every_ns = duration("every", optarg);
        break;
      case 'c':
        options.all_cpus = strcmp(optarg, "all") == 0;
        if (!options.all_cpus)
          options.cpu = static_cast<int>(workload::number(kProgram, "cpu", optarg, 0, 511));
        break;
      case 's':
        options.seconds = workload::number(kProgram, "seconds", optarg, 0.001, 1e6);
        break;
      case 'h':
        help();
      default:
        exit(workload::kUsage);  // getopt has said what was wrong
    }
  }
  if (optind + 1 < argc) workload::usage_error(kProgram, "unexpected argument", argv[optind + 1]);
  if (optind < argc) options.kind = argv[optind];
  return options;
}

void print_truth(const char* kind, int64_t start_ns, const mishap::Deed& deed, bool happened) {
  printf(
      "{\"schema\":1,\"program\":\"mishap\",\"kind\":\"%s\",\"start_ns\":%lld,\"end_ns\":%lld,"
      "\"happened\":%s,\"stalls\":[",
      kind, static_cast<long long>(start_ns),
      static_cast<long long>(workload::clock_ns(CLOCK_MONOTONIC)), happened ? "true" : "false");
  const char* comma = "";
  for (const mishap::Stall& stall : deed.stalls) {
    printf("%s{\"cpu\":%d,\"start_ns\":%lld,\"length_ns\":%lld}", comma, stall.cpu,
           static_cast<long long>(stall.start_ns), static_cast<long long>(stall.length_ns));
    comma = ",";
  }
  printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  const mishap::Options options = parse(argc, argv);
  if (options.kind == nullptr) {
    fprintf(stderr, "%s: say what is to go wrong; try %s --help\n", kProgram, kProgram);
    return workload::kUsage;
  }
  const mishap::Kind* kind = mishap::find_kind(options.kind);
  if (kind == nullptr) workload::usage_error(kProgram, "no such mishap as", options.kind);
  if (!workload::is_guest_of_the_lab()) {
    fprintf(stderr,
            "%s: only in a guest that thawlab booted; here it could take the machine down\n",
            kProgram);
    return workload::kUsage;
  }
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  const sigset_t signals = workload::block_end_signals();
  if (kind->prepare != nullptr) kind->prepare();

  // The deed may never end, and the program must still end when it is told to.
  mishap::Deed deed;
  std::atomic<bool> happened = false;
  std::thread([&] {
    mishap::sleep_until(start_ns + options.at_ns);
    deed = kind->happen(options, start_ns + options.at_ns);
    happened = true;
  }).detach();
  workload::wait_for_end(signals, options.seconds, [] { return false; });
  print_truth(options.kind, start_ns, happened ? deed : mishap::Deed{}, happened);
  fflush(stdout);
  _exit(0);
}
