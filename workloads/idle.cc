// idle: nothing happens. The truth against which a profiler's own noise shows: one thread that
// sleeps once and prints how often it was switched and how little CPU time it had.

#include "workloads/options.h"
#include "workloads/workload.h"

namespace {

constexpr char kProgram[] = "idle";

constexpr char kHelp[] = R"(idle: does nothing

  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT or --seconds, then prints its truth as one line of JSON: its own context switches and CPU time.
workloads/README.md describes the fields.
)";

double parse_seconds(int argc, char** argv) {
  double seconds = 0;
  workload::CommandLine(kProgram, kHelp).seconds(seconds).parse(argc, argv);
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = parse_seconds(argc, argv);
  const sigset_t signals = workload::block_end_signals();
  const int64_t start_ns = workload::clock_ns(CLOCK_MONOTONIC);
  workload::wait_for_end(signals, seconds, [] { return false; });
  const workload::ThreadCounts counts = workload::my_counts();
  printf("{\"schema\":1,\"program\":\"idle\",\"start_ns\":%lld,\"end_ns\":%lld,\"threads\":[",
         static_cast<long long>(start_ns),
         static_cast<long long>(workload::clock_ns(CLOCK_MONOTONIC)));
  workload::print_thread("idle", getpid(), counts);
  printf("}]}\n");
  return 0;
}
