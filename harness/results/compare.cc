// What changed between two sessions. Goal: no eyeballs, and no alarm that chance explains, yet no
// failure passed over because it was seen only once.
//
// Why the obvious ways are wrong. Comparing verdicts one to one calls every flake a regression and
// every second flake a fix. A significance test alone is silent about one run each, pass before and
// freeze after, though a freeze is positive evidence: it cannot come from chance alone, as a pass
// can. So both are asked, and the answer says which of them it is (Cell::is_proven). With many
// cells some p is small by chance; Holm's correction keeps the chance of any false "proven" at α,
// taken over the cells whose counts could show a difference at all (Tarone): a thousand kernels on
// which nothing ever happens must not hide the one on which something did.
//
// Stalls of one run are not independent of each other (one lock, many stalls), so their rank test
// describes and never decides.

#include "harness/results/compare.h"

#include <algorithm>
#include <set>

#include "harness/results/baseline.h"
#include "harness/verdict/statistics.h"

namespace lab {

namespace {

using Key = std::pair<std::string, std::string>;  // case, kernel

struct Group {
  std::string pattern;
  std::vector<const Trial*> trials;
};
using Groups = std::map<Key, Group>;

Groups groups_of(const SessionRecord& session) {
  Groups groups;
  for (const Trial& trial : session.trials) {
    Group& group = groups[{trial.case_name, trial.kernel_name()}];
    group.pattern = trial.pattern;
    group.trials.push_back(&trial);
  }
  return groups;
}

struct Pair {
  const Group* before = nullptr;
  const Group* after = nullptr;
};

/// By kernel first, then what is left by pattern, when each side has one left of it.
std::vector<Pair> pairs_of(const Groups& before, const Groups& after) {
  std::vector<Pair> pairs;
  std::map<Key, std::pair<std::vector<const Group*>, std::vector<const Group*>>> left;
  for (const auto& [key, group] : after) {
    const auto same = before.find(key);
    if (same != before.end())
      pairs.push_back({&same->second, &group});
    else
      left[{key.first, group.pattern}].second.push_back(&group);
  }
  for (const auto& [key, group] : before)
    if (!after.contains(key)) left[{key.first, group.pattern}].first.push_back(&group);
  for (const auto& [key, groups] : left) {
    const auto& [olds, news] = groups;
    if (olds.size() == 1 && news.size() == 1) {
      pairs.push_back({olds.front(), news.front()});
      continue;
    }
    for (const Group* old : olds) pairs.push_back({old, nullptr});
    for (const Group* fresh : news) pairs.push_back({nullptr, fresh});
  }
  return pairs;
}

/// `expected`: of the later session, where both sides are of one kernel.
Side side_of(const Group& group, std::optional<VerdictKind> expected) {
  Side side{.kernel = group.trials.front()->kernel_name(),
            .package = group.trials.front()->package};
  for (const Trial* trial : group.trials) {
    ++side.runs;
    ++side.verdicts[trial->verdict];
    if (!trial->is_judged()) continue;
    ++side.judged;
    side.floor_ms = std::max(side.floor_ms, trial->floor_ms);
    if (trial->verdict == expected.value_or(trial->expected)) continue;
    ++side.unexpected;
    if (!trial->known.empty()) ++side.known;
  }
  return side;
}

std::vector<double> stalls_from(const Group& group, double floor_ms) {
  std::vector<double> lengths;
  for (const Trial* trial : group.trials)
    for (const TrialStall& stall : trial->stalls)
      if (trial->is_judged() && stall.own_ms() >= std::max(floor_ms, 1.0))
        lengths.push_back(stall.own_ms());
  return lengths;
}

/// Verdicts and console titles of the runs that were not as expected.
std::set<std::string> failures_of(const Group& group, std::optional<VerdictKind> expected) {
  std::set<std::string> failures;
  for (const Trial* trial : group.trials) {
    if (!trial->is_judged() || trial->verdict == expected.value_or(trial->expected)) continue;
    failures.insert(name_of(trial->verdict));
    if (!trial->title.empty()) failures.insert(fmt::format("'{}'", trial->title));
  }
  return failures;
}

std::vector<std::string> only_in(const std::set<std::string>& first,
                                 const std::set<std::string>& second) {
  std::vector<std::string> only;
  std::ranges::set_difference(first, second, std::back_inserter(only));
  return only;
}

void compare_stalls(Cell& cell, const Pair& pair) {
  const double floor_ms = std::max(cell.before.floor_ms, cell.after.floor_ms);
  cell.before.stalls_ms = stalls_from(*pair.before, floor_ms);
  cell.after.stalls_ms = stalls_from(*pair.after, floor_ms);
  cell.stalls = mann_whitney(cell.before.stalls_ms, cell.after.stalls_ms);
}

void note_differences(Cell& cell, const Pair& pair) {
  const Trial& before = *pair.before->trials.front();
  const Trial& after = *pair.after->trials.front();
  if (cell.before.kernel != cell.after.kernel)
    cell.notes.push_back(
        fmt::format("pattern {} meant {} before", cell.pattern, cell.before.kernel));
  else if (before.package != after.package)
    cell.notes.push_back(fmt::format("package was {}", before.package));
  if (cell.before.kernel == cell.after.kernel && before.expected != after.expected)
    cell.notes.push_back(fmt::format("expected {} before, {} now", name_of(before.expected),
                                     name_of(after.expected)));
  if (before.accelerator != after.accelerator)
    cell.notes.push_back(
        fmt::format("ran under {} before, {} now", before.accelerator, after.accelerator));
}

Cell cell_of(const Pair& pair) {
  const Group& named = pair.after ? *pair.after : *pair.before;
  Cell cell{.case_name = named.trials.front()->case_name, .pattern = named.pattern};
  if (!pair.before || !pair.after) {
    cell.change = pair.after ? Change::appeared : Change::vanished;
    (pair.after ? cell.after : cell.before) = side_of(named, std::nullopt);
    // A new kernel that fails is no smaller matter than an old one.
    if (cell.after.unexpected > cell.after.known) {
      cell.change = Change::regression;
      cell.notes.emplace_back("not seen before: this case was not run on this kernel");
    }
    return cell;
  }
  const bool same_kernel =
      pair.before->trials.front()->kernel_name() == pair.after->trials.front()->kernel_name();
  std::optional<VerdictKind> expected;
  if (same_kernel) expected = pair.after->trials.front()->expected;
  cell.before = side_of(*pair.before, expected);
  cell.after = side_of(*pair.after, std::nullopt);
  compare_stalls(cell, pair);
  note_differences(cell, pair);
  if (cell.before.judged == 0 || cell.after.judged == 0) {
    cell.change = Change::undecided;
    return cell;
  }
  const auto old_failures = failures_of(*pair.before, expected);
  const auto new_failures = failures_of(*pair.after, std::nullopt);
  const auto appeared = only_in(new_failures, old_failures);
  const auto gone = only_in(old_failures, new_failures);
  if (!appeared.empty()) {
    cell.change = Change::regression;
    cell.notes.push_back(fmt::format("not seen before: {}", fmt::join(appeared, ", ")));
  } else if (!gone.empty() && new_failures.empty()) {
    cell.change = Change::fix;
    cell.notes.push_back(fmt::format("not seen any more: {}", fmt::join(gone, ", ")));
  }
  return cell;
}

uint64_t count(int number) {
  return static_cast<uint64_t>(number);
}

bool is_worse(const Cell& cell) {
  return cell.after.unexpected * cell.before.judged > cell.before.unexpected * cell.after.judged;
}

/// Fisher's test for every cell that has one, then the correction over those that could tell.
void test_counts(Comparison& comparison) {
  std::vector<Cell*> able;
  std::vector<double> p_values;
  for (Cell& cell : comparison.cells) {
    const uint64_t n = count(cell.before.judged);
    const uint64_t m = count(cell.after.judged);
    const uint64_t a = count(cell.before.unexpected);
    const uint64_t b = count(cell.after.unexpected);
    if (n == 0 || m == 0 || a + b == 0) continue;
    cell.p = fisher_exact(a, n, b, m);
    if (a * m != b * n) cell.runs_to_tell = trials_to_tell(a, n, b, m, comparison.alpha);
    if (least_fisher(a + b, n, m) >= comparison.alpha) continue;
    able.push_back(&cell);
    p_values.push_back(*cell.p);
  }
  const auto adjusted = holm(p_values);
  comparison.tests = static_cast<int>(able.size());
  for (size_t i = 0; i < able.size(); ++i) able[i]->p_adjusted = adjusted[i];
}

void settle(Comparison& comparison) {
  for (Cell& cell : comparison.cells) {
    if (cell.p_adjusted && *cell.p_adjusted < comparison.alpha) {
      // A share that fell is no fix while something is there that never was.
      const bool has_new = cell.change == Change::regression;
      cell.is_proven = is_worse(cell) || !has_new;
      if (cell.is_proven) cell.change = is_worse(cell) ? Change::regression : Change::fix;
    }
    if (cell.change == Change::regression && cell.after.known == cell.after.unexpected)
      cell.change = Change::known;
  }
  std::ranges::stable_sort(comparison.cells, [](const Cell& left, const Cell& right) {
    return std::pair(left.change, !left.is_proven) < std::pair(right.change, !right.is_proven);
  });
}

/// Each case and kernel of both sessions by the same statistics as a session against its history;
/// the runs before are all of one session, so how sessions differ by themselves is not in them.
void compare_measures(Comparison& comparison) {
  Past past;
  for (const Trial& trial : comparison.before.trials)
    past.runs.push_back({.session = "before",  // a session may be compared with itself
                         .started = std::min(comparison.before.started, comparison.after.started),
                         .host_id = comparison.before.host_id,
                         .trial = trial});
  const auto past_of = [&](const std::string& case_name) -> thaw::Result<Past> {
    Past of_case = past;
    std::erase_if(of_case.runs,
                  [&](const PastRun& run) { return run.trial.case_name != case_name; });
    return of_case;
  };
  const auto cells = std::max<size_t>(1, comparison.cells.size());
  if (auto trends =
          trends_of(comparison.after, past_of, comparison.alpha / static_cast<double>(cells)))
    comparison.trends = std::move(*trends);
}

void note_sessions(Comparison& comparison) {
  const SessionRecord& before = comparison.before;
  const SessionRecord& after = comparison.after;
  if (!before.host_id.empty() && !after.host_id.empty() && before.host_id != after.host_id)
    comparison.notes.push_back(fmt::format("different hosts: {}; {}", before.host, after.host));
  else if (!before.host.empty() && !after.host.empty() && before.host != after.host)
    comparison.notes.push_back(fmt::format("the host was {}, is {}", before.host, after.host));
  if (before.commit != after.commit || before.thaw_version != after.thaw_version)
    comparison.notes.push_back(fmt::format("Thaw {} {} before, {} {} now", before.thaw_version,
                                           before.commit, after.thaw_version, after.commit));
  for (const SessionRecord* session : {&before, &after})
    if (!session->finished)
      comparison.notes.push_back(fmt::format("the session of {} is not finished: {} of {} runs",
                                             session->started, session->trials.size(),
                                             session->planned));
}

}  // namespace

const char* name_of(Change change) {
  switch (change) {
    case Change::regression:
      return "regression";
    case Change::known:
      return "known";
    case Change::fix:
      return "fix";
    case Change::unchanged:
      return "unchanged";
    case Change::appeared:
      return "new";
    case Change::vanished:
      return "vanished";
    case Change::undecided:
      return "undecided";
  }
  return "?";
}

std::vector<const Cell*> Comparison::of(Change change) const {
  std::vector<const Cell*> found;
  for (const Cell& cell : cells)
    if (cell.change == change) found.push_back(&cell);
  return found;
}

bool Comparison::has_worse_measure() const {
  return std::ranges::any_of(trends, &CaseTrend::has_unknown_worse);
}

bool Comparison::has_regression() const {
  return !of(Change::regression).empty() || has_worse_measure();
}

Comparison compare(SessionRecord before, SessionRecord after, double alpha) {
  Comparison comparison{.before = std::move(before), .after = std::move(after), .alpha = alpha};
  const Groups olds = groups_of(comparison.before);
  const Groups news = groups_of(comparison.after);
  for (const Pair& pair : pairs_of(olds, news)) comparison.cells.push_back(cell_of(pair));
  test_counts(comparison);
  settle(comparison);
  compare_measures(comparison);
  note_sessions(comparison);
  return comparison;
}

}  // namespace lab
