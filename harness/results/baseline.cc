// A baseline is made of runs that tell what is normal here: the same case with the same settings,
// on the same kernel and accelerator, on this host unless the guest is deterministic, as expected,
// and not called worse when they were new. The last is what keeps an alarm from ending itself: one
// bad run among twenty makes their scatter so large that the next bad run hides in it. When a
// change was meant, `thawlab history accept` says so, and the baseline begins anew.
//
// Two runs of a deterministic guest with one seed and one build are one run. Copies are counted and
// not used: eight equal numbers of them are no proof that the ninth build scatters as little.

#include "harness/results/baseline.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/results/margins.h"
#include "profiler/base/date.h"

namespace lab {

using thaw::Result;

namespace {

/// "6.12" of "6.12.48+deb13-cloud-amd64"; all of it when it has no such beginning.
std::string series_of(const std::string& kernel) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  size_t at = 0;
  for (int part = 0; part < 2; part++) {
    const size_t begin = at;
    while (at < kernel.size() && is_digit(kernel[at])) at++;
    if (at == begin) return kernel;
    if (part == 0 && (at == kernel.size() || kernel[at++] != '.')) return kernel;
  }
  return kernel.substr(0, at);
}

/// ISO 8601, UTC; empty when `started` is no such time: then nothing is too old.
std::string oldest_for(const std::string& started) {
  std::tm parts{};
  if (::strptime(started.c_str(), thaw::kIsoTime, &parts) == nullptr) return "";
  constexpr std::time_t kDay = 24 * 60 * 60;
  return thaw::date_text(thaw::kIsoTime, thaw::Zone::utc, ::timegm(&parts) - kOldestDays * kDay);
}

bool is_same_place(const PastRun& run, const BaselineQuery& query) {
  return run.trial.accelerator == query.accelerator &&
         (query.is_deterministic || run.host_id == query.host_id);
}

/// Takes what is of this scope; counts what is left out.
class Chooser {
 public:
  Chooser(const BaselineQuery& query, const Past& past, bool of_series)
      : query_(query), of_series_(of_series), accepted_(past.accepted) {
    oldest_ = std::max(oldest_for(query.started), accepted_);
    Baseline& head = runs_.baseline;
    head.case_name = query.case_name;
    head.kernel = query.kernel;
    head.scope = of_series ? series_of(query.kernel) : query.kernel;
    head.accelerator = query.accelerator;
  }

  void take(const PastRun& run) {
    if (run.session == query_.session || run.started > query_.started) return;
    if (size_t* reason = why_not(run)) {
      ++*reason;
      return;
    }
    Baseline& head = runs_.baseline;
    if (!run.trial.digest.empty() && !digests_.insert(run.trial.digest).second) {
      head.copies++;
      return;
    }
    if (runs_.trials.size() == kMostRuns) {
      head.outdated++;
      return;
    }
    runs_.trials.push_back(&run.trial);
    sessions_.insert(run.session);
    head.runs = runs_.trials.size();
    head.sessions = sessions_.size();
    head.since = run.started;
    if (head.until.empty()) head.until = run.started;
  }

  BaselineRuns take_all() { return std::move(runs_); }

 private:
  size_t* why_not(const PastRun& run) {
    Baseline& head = runs_.baseline;
    const std::string& kernel = run.trial.kernel_name();
    if (query_.settings.empty() || run.trial.settings != query_.settings) return &head.changed;
    const bool is_kernel = of_series_ ? series_of(kernel) == head.scope : kernel == query_.kernel;
    if (!is_kernel || !is_same_place(run, query_)) return &head.elsewhere;
    if (run.started < oldest_) return &head.outdated;
    if (run.trial.is_worse && run.started != accepted_) return &head.worse;
    if (!run.trial.as_expected() || !run.trial.is_judged()) return &head.unexpected;
    return nullptr;
  }

  const BaselineQuery& query_;
  const bool of_series_;
  const std::string accepted_;
  std::string oldest_;
  BaselineRuns runs_;
  std::set<std::string> digests_;
  std::set<std::string> sessions_;
};

BaselineRuns choose(const Past& past, const BaselineQuery& query, bool of_series) {
  Chooser chooser(query, past, of_series);
  for (const PastRun& run : past.runs) chooser.take(run);
  return chooser.take_all();
}

std::vector<double> values_of(const std::vector<const Trial*>& trials, const TrialMeasure& which) {
  std::vector<double> values;
  for (const Trial* trial : trials)
    for (const TrialMeasure& measure : trial->measures)
      if (measure.is_same(which)) values.push_back(measure.value);
  return values;
}

/// Each measure that the session's runs have, once.
std::vector<MeasureTrend> measures_in(const std::vector<const Trial*>& now,
                                      const BaselineRuns& runs) {
  std::vector<MeasureTrend> trends;
  std::vector<const TrialMeasure*> seen;
  for (const Trial* trial : now)
    for (const TrialMeasure& measure : trial->measures) {
      const bool is_seen = std::ranges::any_of(
          seen, [&](const TrialMeasure* other) { return other->is_same(measure); });
      if (is_seen || margin_for(measure.kind, measure.unit) == nullptr) continue;
      seen.push_back(&measure);
      trends.push_back({.kind = measure.kind,
                        .name = measure.name,
                        .unit = measure.unit,
                        .stand = {},
                        .before = values_of(runs.trials, measure),
                        .now = values_of(now, measure)});
    }
  return trends;
}

std::vector<std::string> gone_from(const std::vector<const Trial*>& now, const BaselineRuns& runs) {
  std::vector<std::string> gone;
  if (runs.trials.size() < kLeastRuns) return gone;
  for (const TrialMeasure& measure : runs.trials.front()->measures)
    if (measure.kind != "cost" && values_of(now, measure).empty() &&
        values_of(runs.trials, measure).size() == runs.trials.size())
      gone.push_back(measure.kind + ": " + measure.name);
  return gone;
}

/// "0.61 %", "3 events": a measure without a unit counts.
std::string amount(double value, const std::string& unit) {
  return fmt::format("{:.3g}{}{}", value, unit.empty() ? "" : " ", unit);
}

std::string sentence_of(const MeasureTrend& one) {
  const Stand& stand = one.stand;
  const std::string what = fmt::format("{}: {}", one.kind, one.name);
  if (one.before.size() < kLeastRuns)
    return fmt::format("{}: off by {}; {} of the {} runs that a baseline needs", what,
                       amount(stand.now, one.unit), one.before.size(), kLeastRuns);
  const std::string numbers =
      fmt::format("{}: off by {}, by {} ({:.3g} to {:.3g}) in the {} runs before", what,
                  amount(stand.now, one.unit), amount(stand.mean, one.unit), stand.least,
                  stand.most, one.before.size());
  const std::string margin = amount(one.margin, one.unit);
  switch (stand.trend) {
    case Trend::worse:
      return fmt::format(
          "{}; worse by {:.3g} at least, where {} is no matter{}", numbers, stand.at_least, margin,
          one.now.size() == 1 ? " (one run: repeat it to rule out an accident)" : "");
    case Trend::better:
      return fmt::format("{}; better by {:.3g} at least", numbers, -stand.at_most);
    case Trend::equivalent:
      return fmt::format("{}; any difference is below {}, and {} is no matter", numbers,
                         amount(stand.apart, one.unit), margin);
    case Trend::undecided:
      return fmt::format(
          "{}; the change is between {:.3g} and {:.3g}: too much scatter to tell it "
          "from {}",
          numbers, stand.at_least, stand.at_most, margin);
  }
  return numbers;
}

/// Every run of the session repeats one of the baseline's, bit by bit.
bool are_copies(const std::vector<const Trial*>& now, const std::vector<const Trial*>& before) {
  return std::ranges::all_of(now, [&](const Trial* trial) {
    return !trial->digest.empty() &&
           std::ranges::find(before, trial->digest, &Trial::digest) != before.end();
  });
}

std::vector<std::pair<std::pair<std::string, std::string>, std::vector<const Trial*>>> groups_of(
    const SessionRecord& session) {
  std::vector<std::pair<std::pair<std::string, std::string>, std::vector<const Trial*>>> groups;
  for (const Trial& trial : session.trials) {
    if (!trial.is_judged() || trial.measures.empty() || trial.kernel.empty()) continue;
    const std::pair key(trial.case_name, trial.kernel);
    auto found = std::ranges::find(groups, key, [](const auto& group) { return group.first; });
    if (found == groups.end()) found = groups.insert(groups.end(), {key, {}});
    found->second.push_back(&trial);
  }
  return groups;
}

}  // namespace

BaselineRuns choose_baseline(const Past& past, const BaselineQuery& query) {
  BaselineRuns release = choose(past, query, false);
  if (release.trials.size() >= kLeastRuns) return release;
  BaselineRuns series = choose(past, query, true);
  return series.trials.size() > release.trials.size() ? series : release;
}

CaseTrend hold_against(BaselineRuns runs, const std::vector<const Trial*>& now, double alpha) {
  CaseTrend trend{.baseline = runs.baseline, .runs = now.size()};
  trend.measures = measures_in(now, runs);
  // Bonferroni's: however the measures depend on each other.
  const auto tests = static_cast<double>(std::ranges::count_if(
      trend.measures, [](const MeasureTrend& one) { return one.before.size() >= kLeastRuns; }));
  trend.gone = gone_from(now, runs);
  trend.is_same = are_copies(now, runs.trials);
  for (MeasureTrend& one : trend.measures) {
    const Margin& margin = *margin_for(one.kind, one.unit);
    double mean = 0;
    for (const double value : one.before) mean += value / static_cast<double>(one.before.size());
    one.margin = width_of(margin, mean);
    if (one.before.empty())
      one.stand = {.now = one.now.front()};
    else
      one.stand = stand_of(one.before, one.now, one.margin, alpha / std::max(1.0, tests));
    // What a recording costs is known from two runs, and this is one of them.
    if (trend.is_same && one.kind != "cost") {
      one.stand.trend = Trend::equivalent;
      one.sentence = fmt::format(
          "{}: {}: off by {}, as in the run before that this one repeats to "
          "the last bit",
          one.kind, one.name, amount(one.stand.now, one.unit));
      continue;
    }
    one.sentence = sentence_of(one);
  }
  std::ranges::stable_sort(trend.measures, {},
                           [](const MeasureTrend& one) { return one.stand.trend; });
  return trend;
}

Result<std::vector<CaseTrend>> trends_of(const SessionRecord& session, const PastOf& past_of,
                                         double alpha) {
  std::vector<CaseTrend> trends;
  std::map<std::string, Past> pasts;
  for (const auto& [key, trials] : groups_of(session)) {
    const auto& [case_name, kernel] = key;
    if (!pasts.contains(case_name)) pasts[case_name] = TRY(past_of(case_name));
    const Trial& first = *trials.front();
    BaselineRuns runs =
        choose_baseline(pasts[case_name], {.session = session.key,
                                           .started = session.started,
                                           .host_id = session.host_id,
                                           .case_name = case_name,
                                           .kernel = kernel,
                                           .settings = first.settings,
                                           .accelerator = first.accelerator,
                                           .is_deterministic = !first.digest.empty()});
    trends.push_back(hold_against(std::move(runs), trials, alpha));
  }
  return trends;
}

}  // namespace lab
