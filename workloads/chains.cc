// chains: CPU time divided evenly among call chains, each of which is known frame by frame.
//
// One thread runs the chains in slices of about a millisecond, always that which had least. A
// chain's time goes to its leaf, and its frames from the leaf to the thread's entry are all that a
// whole stack has, libc's own below the entry left out: which they are follows from how the chain
// was built (chains/). Above the leaf there is nothing, or the kernel or its vDSO, as the truth
// says.
//
// What a chain needs to get to its leaf, 200 calls at most, is its own time too: under a
// thousandth.

#include <string>

#include "workloads/burn.h"
#include "workloads/chains/chain.h"
#include "workloads/crew.h"
#include "workloads/options.h"
#include "workloads/truth.h"

namespace {

using chains::Chain;

constexpr char kProgram[] = "chains";
constexpr char kThreadName[] = "chains";

constexpr char kHelp[] = R"(chains: CPU time divided evenly among known call chains

  --only LIST    chains, such as recursion-200,jit (default: all): recursion-5, recursion-60, recursion-200,
                 frame-pointers, no-frame-pointers, inlined, lto, tail-call, plt, no-return, signal, signal-stack,
                 trap, vdso, read, getdents, jit (writes /tmp/perf-PID.map)
  --work N       N units of work of each chain, then stop: the same instructions every time
  --seconds S    stop after S seconds (default: no limit)
  --help         this text

Ends on SIGTERM, SIGINT, --work or --seconds, then prints its truth as one line of JSON: of each chain its frames and the
CPU time that it had. workloads/README.md describes the fields.
)";

struct Options {
  std::vector<Chain> chains;
  int64_t work = 0;  ///< 0: by time
  double seconds = 0;
};

struct Runner {
  const Options* options = nullptr;
  workload::Crew* crew = nullptr;
  std::vector<workload::Slices> slices;  ///< as options->chains
  workload::ThreadCounts counts;
};

/// The chain that had least, or the number of chains when each has done its work.
size_t next_of(const Runner& runner) {
  const int64_t work = runner.options->work;
  size_t next = 0;
  for (size_t i = 1; i < runner.slices.size(); i++) {
    const workload::Slices& one = runner.slices[i];
    const workload::Slices& least = runner.slices[next];
    if (work > 0 ? one.times < least.times : one.cpu_ns < least.cpu_ns) next = i;
  }
  const bool is_done = work > 0 && runner.slices[next].times == work;
  return is_done ? runner.slices.size() : next;
}

}  // namespace

/// Of the thread; the last frame of every chain. So it is here that they are called.
extern "C" [[gnu::noipa]] void* chains_thread(void* argument) {
  auto& runner = *static_cast<Runner*>(argument);
  prctl(PR_SET_NAME, kThreadName);
  for (const Chain& chain : runner.options->chains)
    if (chain.prepare != nullptr) chain.prepare();
  while (!runner.crew->is_over()) {
    const size_t next = next_of(runner);
    if (next == runner.slices.size()) break;
    runner.slices[next].run(runner.options->chains[next].run);
  }
  runner.counts = workload::my_counts();
  runner.crew->be_done();
  return nullptr;
}

namespace {

std::vector<Chain> all_chains() {
  std::vector<Chain> all;
  for (auto* some : {chains::compiled, chains::bare, chains::system, chains::generated})
    for (Chain& chain : some()) all.push_back(std::move(chain));
  return all;
}

std::vector<Chain> chains_of(const std::string& names) {
  const std::vector<Chain> all = all_chains();
  std::vector<Chain> chosen;
  for (size_t at = 0; at <= names.size();) {
    const size_t comma = std::min(names.find(',', at), names.size());
    const std::string name = names.substr(at, comma - at);
    for (const Chain& chain : chosen)
      if (name == chain.name) workload::usage_error(kProgram, "named twice:", chain.name);
    const size_t before = chosen.size();
    for (const Chain& chain : all)
      if (name == chain.name) chosen.push_back(chain);
    if (chosen.size() == before) workload::usage_error(kProgram, "--only knows no", name.c_str());
    at = comma + 1;
  }
  return chosen;
}

void print_chain(workload::Truth& truth, const Chain& chain, const workload::Slices& slices) {
  truth.object(nullptr).text("name", chain.name).text("leaf", chain.frames.front());
  truth.text("above", chain.above).number("cpu_ns", slices.cpu_ns).number("slices", slices.times);
  truth.number("depth", static_cast<int64_t>(chain.frames.size()) + 1).list("frames");
  for (const char* frame : chain.frames) truth.text(nullptr, frame);
  truth.text(nullptr, "chains_thread").end();
  if (chain.without_frame != nullptr) truth.text("without_frame", chain.without_frame);
  truth.end();
}

void print_truth(const Runner& runner, int64_t start_ns) {
  const std::vector<Chain>& chains = runner.options->chains;
  workload::Truth truth(kProgram, start_ns, workload::clock_ns(CLOCK_MONOTONIC));
  truth.object("cpu_ns");
  for (size_t i = 0; i < chains.size(); i++)
    truth.number(chains[i].frames.front(), runner.slices[i].cpu_ns);
  truth.end().number("total_cpu_ns", runner.counts.cpu_ns).list("chains");
  for (size_t i = 0; i < chains.size(); i++) print_chain(truth, chains[i], runner.slices[i]);
  truth.end().list("threads").thread(kThreadName, getpid(), runner.counts);
}

Options parse(int argc, char** argv) {
  Options options;
  options.chains = all_chains();
  workload::CommandLine(kProgram, kHelp)
      .value("only", [&](char* text) { options.chains = chains_of(text); })
      .number("work", options.work, 1, 1e12)
      .seconds(options.seconds)
      .parse(argc, argv);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  workload::Crew crew(kProgram);
  Runner runner{.options = &options, .crew = &crew};
  runner.slices.assign(options.chains.size(), workload::slices(options.work));
  crew.start(chains_thread, &runner);
  crew.work_until_end(options.seconds);
  print_truth(runner, crew.start_ns());
  return 0;
}
