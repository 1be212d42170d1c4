// From the record of a run to a trial. Which finding gives a run its title is decided here: the
// gravest, and of those the first, because what follows a crash is its echo.

#include "harness/results/trial.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "harness/provision/digest.h"
#include "harness/results/cost.h"
#include "harness/results/trial_measures.h"

namespace lab {

namespace {

/// Rank of a severity (verdict.h); the lower, the graver. What the lab caused itself is no title.
size_t rank_of(const Finding& finding) {
  constexpr std::array<std::string_view, 3> kOrder{"crash", "lockup", "warning"};
  for (size_t i = 0; i < kOrder.size(); ++i)
    if (finding.severity == kOrder[i]) return i;
  return kOrder.size();
}

std::string title_of(const std::vector<Finding>& findings) {
  const Finding* gravest = nullptr;
  for (const Finding& finding : findings)
    if (rank_of(finding) < 3 && (!gravest || rank_of(finding) < rank_of(*gravest)))
      gravest = &finding;
  return gravest ? gravest->title : "";
}

/// Known only when the runs that they are held against have ended.
void add_costs(SessionRecord& record, const ResultSet& results) {
  for (const Cost& cost : costs_of(results)) {
    const auto trial = std::ranges::find(record.trials, cost.run, &Trial::id);
    if (trial == record.trials.end()) continue;
    trial->measures.push_back(
        {"cost", "added per " + cost.per + " in the load's threads", "instructions", cost.in_load});
    trial->measures.push_back(
        {"cost", "added per " + cost.per + " elsewhere", "instructions", cost.elsewhere});
  }
}

}  // namespace

Trial to_trial(const RunResult& run) {
  Trial trial{.id = run.id,
              .case_name = run.case_name,
              .pattern = run.pattern,
              .kernel = run.kernel,
              .release = run.release,
              .package = run.package,
              .suite = run.suite,
              .verdict = run.verdict.kind,
              .expected = run.expected,
              .reason = run.verdict.reason,
              .title = title_of(run.verdict.findings),
              .known = run.known ? run.known->id : "",
              .seed = run.seed,
              .attempts = run.attempts,
              .accelerator = run.accelerator,
              .qemu = run.qemu,
              .load_s = run.load_s,
              .wall_s = run.wall_s,
              .floor_ms = run.verdict.floor_ms,
              .undisturbed = run.verdict.undisturbed,
              .nmis_sent = run.nmis_sent,
              .nmis_delivered = std::accumulate(run.nmis_delivered.begin(),
                                                run.nmis_delivered.end(), uint64_t{0}),
              .subject_nmi_runs = run.subject_nmi_runs,
              .stalls_total = run.verdict.stalls_total,
              .directory = run.directory,
              .settings = run.settings,
              .digest = run.guest_digest,
              .measures = trial_measures(run)};
  // Allowed beside the expected one, so as good: the history knows one expectation per run.
  if (run.as_expected()) trial.expected = trial.verdict;
  for (const Stall& stall : run.verdict.stalls)
    trial.stalls.push_back({stall.length_ms, stall.host_ms, stall.context});
  return trial;
}

std::string session_key(const ResultSet& results) {
  if (!results.session.empty()) return results.session;
  std::string identity = results.name + '\n' + results.started;
  for (const RunResult& run : results.runs) identity += fmt::format("\n{} {}", run.id, run.seed);
  return sha256_of(identity).substr(0, 16);
}

SessionRecord to_record(const ResultSet& results, const std::filesystem::path& directory) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(directory, error);
  SessionRecord record{.key = session_key(results),
                       .name = results.name,
                       .started = results.started,
                       .thaw_version = results.thaw_version,
                       .commit = results.commit,
                       .host_id = results.host_id,
                       .host = results.host,
                       .directory = (error ? directory : absolute).lexically_normal().string(),
                       .planned = results.planned,
                       .finished = results.finished};
  for (const RunResult& run : results.runs) record.trials.push_back(to_trial(run));
  add_costs(record, results);
  for (Trial& trial : record.trials)
    trial.is_worse = std::ranges::any_of(results.trends, [&](const CaseTrend& trend) {
      return trend.has(Trend::worse) && trend.baseline.case_name == trial.case_name &&
             trend.baseline.kernel == trial.kernel;
    });
  return record;
}

ResultSet to_results(const SessionRecord& session) {
  ResultSet results{.name = session.name,
                    .started = session.started,
                    .thaw_version = session.thaw_version,
                    .commit = session.commit,
                    .session = session.key,
                    .host_id = session.host_id,
                    .host = session.host,
                    .planned = session.planned,
                    .finished = session.finished};
  for (const Trial& trial : session.trials) {
    RunResult run{.id = trial.id,
                  .case_name = trial.case_name,
                  .pattern = trial.pattern,
                  .kernel = trial.kernel,
                  .release = trial.release,
                  .package = trial.package,
                  .suite = trial.suite,
                  .expected = trial.expected,
                  .seed = trial.seed,
                  .attempts = trial.attempts,
                  .accelerator = trial.accelerator,
                  .qemu = trial.qemu,
                  .load_s = trial.load_s,
                  .wall_s = trial.wall_s,
                  .nmis_sent = trial.nmis_sent,
                  .nmis_delivered = {trial.nmis_delivered},
                  .subject_nmi_runs = trial.subject_nmi_runs,
                  .directory = trial.directory,
                  .settings = trial.settings};
    run.verdict.kind = trial.verdict;
    run.verdict.reason = trial.reason;
    run.verdict.floor_ms = trial.floor_ms;
    run.verdict.undisturbed = trial.undisturbed;
    run.verdict.stalls_total = trial.stalls_total;
    for (const TrialStall& stall : trial.stalls)
      run.verdict.stalls.push_back(
          {.length_ms = stall.length_ms, .host_ms = stall.host_ms, .context = stall.context});
    if (!trial.known.empty()) run.known = KnownMatch{.id = trial.known};
    results.runs.push_back(std::move(run));
  }
  return results;
}

}  // namespace lab
