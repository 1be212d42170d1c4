// mishap: makes one chosen thing go wrong with the machine it runs on, at a chosen time, and prints
// what it did. The lab's self-test asks of each whether the right verdict came out.
//
// It refuses to run anywhere but in a guest that thawlab booted. What a mishap is and how it is
// made stands in mishap/deeds.cc; this file reads options, waits, and prints the truth.

#include <fcntl.h>

#include <atomic>
#include <thread>

#include "workloads/mishap/deeds.h"
#include "workloads/options.h"

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

std::string help() {
  std::string text = kHelp;
  for (const mishap::Kind& kind : mishap::kinds()) {
    char line[160];
    snprintf(line, sizeof line, "  %-14s %s\n", kind.name.data(), kind.words);
    text += line;
  }
  return text;
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
  mishap::Options options;
  options.kind =
      workload::CommandLine(kProgram, help())
          .value("at", [&](char* text) { options.at_ns = duration("at", text); })
          .value("length", [&](char* text) { options.length_ns = duration("length", text); })
          .number("times", options.times, 1, 1e6)
          .value("every", [&](char* text) { options.every_ns = duration("every", text); })
          .value("cpu",
                 [&](char* text) {
                   options.all_cpus = strcmp(text, "all") == 0;
                   if (options.all_cpus) return;
                   options.cpu = static_cast<int>(workload::number(kProgram, "cpu", text, 0, 511));
                 })
          .seconds(options.seconds)
          .parse(argc, argv, 1);
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
