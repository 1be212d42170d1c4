// The load does a fixed amount of work, so what it executes by itself is the same in both runs;
// what its threads execute beyond that is what the recorder did in them. Timer interrupts are in
// it: a run that takes longer has more of them.

#include "harness/results/cost.h"

#include <algorithm>
#include <tuple>

namespace lab {

namespace {

const RunResult* run_of(const ResultSet& results, const std::string& name,
                        const std::string& kernel) {
  const auto found = std::ranges::find_if(results.runs, [&](const RunResult& run) {
    return run.case_name == name && run.kernel == kernel && run.oracle;
  });
  return found == results.runs.end() ? nullptr : &*found;
}

uint64_t events_of(const RunResult& run) {
  return run.cost.per == "sample" ? run.oracle->samples : run.oracle->switches;
}

std::optional<Cost> cost_of(const ResultSet& results, const RunResult& run) {
  if (run.cost.per.empty() || !run.oracle || events_of(run) == 0) return std::nullopt;
  const RunResult* alone = run_of(results, run.cost.baseline, run.kernel);
  if (alone == nullptr) return std::nullopt;
  const auto events = static_cast<double>(events_of(run));
  const auto more = [&](uint64_t with, uint64_t without) {
    return (static_cast<double>(with) - static_cast<double>(without)) / events;
  };
  return Cost{.run = run.id,
              .kernel = run.kernel,
              .case_name = run.case_name,
              .per = run.cost.per,
              .events = events_of(run),
              .in_load = more(run.oracle->load, alone->oracle->load),
              .elsewhere = more(run.oracle->others(), alone->oracle->others()),
              .of_peer = {}};
}

}  // namespace

std::vector<Cost> costs_of(const ResultSet& results) {
  std::vector<Cost> costs;
  for (const RunResult& run : results.runs) {
    auto cost = cost_of(results, run);
    if (!cost) continue;
    const RunResult* peer = run_of(results, run.cost.peer, run.kernel);
    const auto other = peer ? cost_of(results, *peer) : std::nullopt;
    if (other && other->in_load > 0) cost->of_peer = cost->in_load / other->in_load;
    costs.push_back(std::move(*cost));
  }
  std::ranges::stable_sort(costs, {},
                           [](const Cost& cost) { return std::tie(cost.kernel, cost.per); });
  return costs;
}

}  // namespace lab
