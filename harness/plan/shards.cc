// Dividing a plan. Goal: machines that know nothing of each other agree on who plays what, and end
// at about the same time.
//
// Runs of one case on one kernel are one group: a deterministic one is held against the earlier of
// its seed, and a baseline is of the machine that it was measured on. The groups are dealt out
// longest first, each to the shard that has least so far, ties to the first (Graham's LPT rule: at
// most 4/3 of the best there is). Only the plan decides, no clock and no machine.

#include "harness/plan/shards.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace lab {

namespace {

/// Boot to the agent, 3 to 4 s, and what ends a run: power off, names, verdict.
constexpr double kAroundLoadS = 7;
/// Its clock counts instructions, 250 million a second, which TCG does not reach; 5 s to settle;
/// its own end.
constexpr double kDeterministicFactor = 1.2;
constexpr double kDeterministicAroundS = 14;

struct Group {
  double seconds = 0;
  std::vector<size_t> runs;
};

}  // namespace

double expected_seconds(const PlannedRun& run) {
  if (run.missing) return 0;
  const double load_s = run.test.run.duration_s;
  return run.test.machine.is_deterministic ? kDeterministicAroundS + kDeterministicFactor * load_s
                                           : kAroundLoadS + load_s;
}

std::vector<std::vector<size_t>> divide(const std::vector<PlannedRun>& plan, int shards) {
  std::map<std::pair<std::string, std::string>, size_t> places;
  std::vector<Group> groups;  // in the plan's order
  for (size_t i = 0; i < plan.size(); i++) {
    const auto [place, is_new] = places.try_emplace(
        {plan[i].test.name, plan[i].missing ? plan[i].pattern : plan[i].exact_pattern()},
        groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].seconds += expected_seconds(plan[i]);
    groups[place->second].runs.push_back(i);
  }
  std::ranges::stable_sort(groups, std::greater(), &Group::seconds);
  std::vector<std::vector<size_t>> shares(static_cast<size_t>(shards));
  std::vector<double> seconds(shares.size(), 0);
  for (const Group& group : groups) {
    const auto least = static_cast<size_t>(std::ranges::min_element(seconds) - seconds.begin());
    seconds[least] += group.seconds;
    shares[least].insert(shares[least].end(), group.runs.begin(), group.runs.end());
  }
  for (std::vector<size_t>& share : shares) std::ranges::sort(share);
  return shares;
}

}  // namespace lab
