// Joining results. Goal: whoever merges the shards of a night, in whatever order, once or again
// after a lost one came in, has the results that one machine would have written.
//
// A run is its id within its plan: the plan says which runs there are, shards are disjoint, so two
// results of one id are one run that was played twice (a node was lost, its shard played again
// elsewhere, and the first came back). Which one counts must not depend on the order of arguments:
// the session that began first, ties by its name.

#include "harness/results/merge.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "harness/provision/digest.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;

namespace {

namespace fs = std::filesystem;

/// "" of a session of its own.
std::string plan_of(const MergePart& part) {
  return part.plan ? part.plan->share.plan : "";
}

void put_in_order(std::vector<MergePart>& parts) {
  std::ranges::sort(parts, [](const MergePart& a, const MergePart& b) {
    return std::tie(a.results.started, a.results.session, a.directory) <
           std::tie(b.results.started, b.results.session, b.directory);
  });
}

/// One result in two places: merged before, or copied. Times are kept to the nanosecond.
bool is_same(const RunResult& a, const RunResult& b) {
  return a.wall_s == b.wall_s && a.agent_hello_ms == b.agent_hello_ms &&
         a.guest_digest == b.guest_digest && a.verdict.kind == b.verdict.kind;
}

/// Fails when one id means runs of different plans.
thaw::Status check_ids(const std::vector<MergePart>& parts) {
  std::map<std::string, std::pair<const MergePart*, const RunResult*>> seen;
  for (const MergePart& part : parts)
    for (const RunResult& run : part.results.runs) {
      const auto [other, is_new] = seen.try_emplace(run.id, &part, &run);
      if (is_new || is_same(*other->second.second, run)) continue;
      if (plan_of(part).empty() || plan_of(*other->second.first) != plan_of(part))
        return fail(
            ErrorKind::User,
            "{} is in {} and in {}, which are of different plans: merge each plan by itself",
            run.id, other->second.first->directory.string(), part.directory.string());
    }
  return {};
}

/// Of all parts together, in the order of `whole` where that is known. What shards of one plan say
/// of its size counts once.
std::optional<StoredPlan> plan_of_all(const std::vector<MergePart>& parts,
                                      std::optional<StoredPlan> whole) {
  if (whole) return whole;
  if (std::ranges::any_of(parts, [](const MergePart& part) { return !part.plan; }))
    return std::nullopt;
  StoredPlan plan = *parts.front().plan;
  plan.runs.clear();
  std::set<std::string> ids;
  std::map<std::string, int> planned;
  for (const MergePart& part : parts) {
    planned[plan_of(part)] = part.plan->share.planned;
    for (const PlannedRun& run : part.plan->runs)
      if (ids.insert(run.id).second) plan.runs.push_back(run);
    for (const StoredCase& test : part.plan->cases)
      if (std::ranges::find(plan.cases, test.name, &StoredCase::name) == plan.cases.end())
        plan.cases.push_back(test);
  }
  plan.share = {.plan = plan.share.plan};
  if (planned.size() > 1) plan.share.plan = plan_digest(plan);
  for (const auto& [digest, runs] : planned) plan.share.planned += runs;
  return plan;
}

/// The same plans make the same name, whichever parts of them are there and whether they were
/// merged before: the runs of a night are in a history once. Without plans it is the first run's,
/// by its id, and the moment when the first session began.
std::string session_of(const std::vector<MergePart>& parts, const std::optional<StoredPlan>& plan) {
  std::set<std::string> names;
  for (const MergePart& part : parts) names.insert(part.results.session);
  if (names.size() == 1) return *names.begin();
  const std::string& started = parts.front().results.started;
  if (plan) return sha256_of(plan->share.plan + started).substr(0, 16);
  std::set<std::string> ids;
  for (const MergePart& part : parts)
    for (const RunResult& run : part.results.runs) ids.insert(run.id);
  return sha256_of(started + "\n" + (ids.empty() ? "" : *ids.begin())).substr(0, 16);
}

/// Names joined by "+"; each once, also of parts that were joined before.
std::string joined(const std::vector<MergePart>& parts, std::string ResultSet::*field) {
  std::set<std::string> words;
  for (const MergePart& part : parts) {
    std::istringstream names(part.results.*field);
    for (std::string name; std::getline(names, name, '+');) words.insert(name);
  }
  return fmt::format("{}", fmt::join(words, "+"));
}

ResultSet head_of(const std::vector<MergePart>& parts, const std::optional<StoredPlan>& plan) {
  ResultSet head = parts.front().results;
  head.runs.clear();
  head.name = joined(parts, &ResultSet::name);
  head.host_id = joined(parts, &ResultSet::host_id);
  if (const auto others = std::ranges::count(head.host_id, '+'); others > 0)
    head.host = fmt::format("{} machines", others + 1);
  head.session = session_of(parts, plan);
  return head;
}

}  // namespace

Result<Merged> merge(std::vector<MergePart> parts, std::optional<StoredPlan> whole) {
  if (parts.empty()) return fail(ErrorKind::User, "there are no results to merge");
  put_in_order(parts);
  TRY(check_ids(parts));
  Merged merged{.plan = plan_of_all(parts, std::move(whole))};
  merged.results = head_of(parts, merged.plan);
  std::map<std::string, std::pair<const RunResult*, const MergePart*>> results;
  std::vector<std::string> order;
  for (const MergePart& part : parts)
    for (const RunResult& run : part.results.runs) {
      const auto [first, is_new] = results.try_emplace(run.id, &run, &part);
      if (is_new)
        order.push_back(run.id);
      else if (!is_same(*first->second.first, run))
        merged.notes.push_back(fmt::format("{} was played in {} and in {}: the first counts",
                                           run.id, first->second.second->directory.string(),
                                           part.directory.string()));
    }
  if (merged.plan) {
    order.clear();
    for (const PlannedRun& run : merged.plan->runs) order.push_back(run.id);
  } else {
    std::ranges::sort(order);
  }
  for (const std::string& id : order) {
    const auto found = results.find(id);
    if (found == results.end()) {
      merged.missing.push_back(id);
      continue;
    }
    merged.results.runs.push_back(*found->second.first);
    merged.from.push_back(found->second.second->directory);
    results.erase(found);
  }
  for (const auto& [id, left] : results) {
    merged.results.runs.push_back(*left.first);
    merged.from.push_back(left.second->directory);
    merged.notes.push_back(fmt::format("{} is in no plan", id));
  }
  merged.results.planned = static_cast<int>(merged.results.runs.size() + merged.missing.size());
  // Shards that are not here at all, and whose plans nobody has.
  if (merged.plan && merged.plan->share.planned > merged.results.planned) {
    merged.notes.push_back(fmt::format("{} of {} planned runs are in shards that are not here",
                                       merged.plan->share.planned - merged.results.planned,
                                       merged.plan->share.planned));
    merged.results.planned = merged.plan->share.planned;
  }
  merged.results.finished = static_cast<int>(merged.results.runs.size()) == merged.results.planned;
  return merged;
}

}  // namespace lab
