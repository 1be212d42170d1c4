// One boot after another, and from each a batch of trials. What a trial leaves is judged by the
// same judge as a run; only its start is another.

#include "harness/commands/hunt_trials.h"

#include <unistd.h>

#include "harness/results/origin.h"
#include "profiler/base/time.h"
#include "profiler/base/words.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

/// A host that is too busy, or a subject that does not work, will not get better by itself.
constexpr int kMostSilent = 10;

double seconds_since(int64_t start_ns) {
  return static_cast<double>(thaw::monotonic_ns() - start_ns) / 1e9;
}

}  // namespace

std::string trial_command(const PlannedRun& trial) {
  return thaw::join_command({program_invocation_name, "hunt", trial.test.file.string(), "--kernel",
                             trial.exact_pattern(), "--seed", std::to_string(trial.seed),
                             "--trial-seconds", fmt::format("{}", trial.test.run.duration_s),
                             "--boots", "1", "--trials", "1"});
}

HuntTrials::HuntTrials(const PlannedRun& planned, const std::atomic<bool>& cancelled,
                       const HuntTrialsOptions& options, RunRequest request, Ledger ledger)
    : planned_(planned),
      cancelled_(cancelled),
      options_(options),
      line_(stderr, is_live_terminal(stderr)),
      shown_(line_, planned.test.run.duration_s, false),
      ledger_(std::move(ledger)),
      trials_(std::move(request), shown_) {}

Result<std::unique_ptr<HuntTrials>> HuntTrials::open(const Workplace& place,
                                                     const PlannedRun& planned,
                                                     const fs::path& directory,
                                                     const std::atomic<bool>& cancelled,
                                                     const HuntTrialsOptions& options) {
  StatusLine line(stderr, is_live_terminal(stderr));
  line.begin(planned.kernel.release);
  RunRequest request =
      TRY(request_for(planned, place.catalogue, place.programs, place.cache, cancelled, line));
  request.directory = directory;
  Ledger ledger = TRY(Ledger::open(directory, new_session("hunt " + planned.test.name, 0)));
  return std::unique_ptr<HuntTrials>(
      new HuntTrials(planned, cancelled, options, std::move(request), std::move(ledger)));
}

void HuntTrials::tell(const RunResult& run, const Hunt& hunt) {
  const HuntResult so_far = hunt.result();
  line_.end(fmt::format("trial {} (boot {}): {}: {}; {} of {} so far", played_, trials_.boots(),
                        name_of(run.verdict.kind), run.verdict.reason, so_far.reproduced,
                        so_far.trials));
}

Status HuntTrials::play_trial(Hunt& hunt, HuntReport& report) {
  PlannedRun run = planned_;
  run.id = fmt::format("trial-{:03}", ++played_);
  run.seed = run.test.run.seed = planned_.seed + played_ - 1;
  run.repetition = static_cast<int>(played_);
  line_.begin(fmt::format("trial {}", played_));
  const int64_t start_ns = thaw::monotonic_ns();
  const Evidence evidence = trials_.next(run.test, ledger_.directory() / run.id);
  if (cancelled_) return {};
  const RunResult& result = *TRY(ledger_.record(run, evidence, trial_command(run)));
  const VerdictKind kind = result.verdict.kind;
  report.verdicts[name_of(kind)]++;
  if (evidence.agent_hello_ms) report.restore_ms.push_back(*evidence.agent_hello_ms);
  report.trials_wall_s += seconds_since(start_ns);
  silent_ = is_conclusive(kind) ? 0 : silent_ + 1;
  if (is_conclusive(kind)) hunt.add(is_finding(kind));
  if (is_finding(kind) && !report.first_seen_s) {
    report.first_seen_s = seconds_since(first_boot_ns_);
    report.first_seen = fmt::format("{}: {}", run.id, result.verdict.reason);
  }
  tell(result, hunt);
  if (!is_finding(kind) && !options_.keep_all) {
    std::error_code ignored;
    fs::remove_all(ledger_.directory() / run.id, ignored);
  }
  if (silent_ >= kMostSilent)
    return fail(ErrorKind::Environment, "{} trials in a row said nothing; the last: {}: {}",
                kMostSilent, name_of(kind), result.verdict.reason);
  return {};
}

Status HuntTrials::play_boot(Hunt& hunt, HuntReport& report) {
  const uint64_t batch = hunt.next_batch();
  line_.begin(fmt::format("boot {}", trials_.boots() + 1));
  const int64_t start_ns = thaw::monotonic_ns();
  if (const Status booted = trials_.boot(); !booted) {
    if (cancelled_) return booted;
    line_.end(
        fmt::format("boot {} failed, once more: {}", trials_.boots(), booted.error().message));
    TRY(trials_.boot());
  }
  if (first_boot_ns_ == 0) first_boot_ns_ = thaw::monotonic_ns();
  report.boots_wall_s += seconds_since(start_ns);
  report.state_bytes = trials_.snapshot().bytes;
  line_.end(fmt::format("boot {}: ready after {:.1f} s, saved in {:.1f} s, {} MiB", trials_.boots(),
                        trials_.snapshot().boot_ms / 1e3, trials_.snapshot().save_ms / 1e3,
                        trials_.snapshot().bytes >> 20));
  hunt.begin_boot();
  const uint64_t goal = hunt.result().trials + batch;
  while (!cancelled_ && hunt.result().trials < goal && !hunt.is_over())
    TRY(play_trial(hunt, report));
  return {};
}

Status HuntTrials::play(const HuntRule& rule, HuntReport& report) {
  Hunt hunt(rule);
  Status done;
  while (done && !cancelled_ && !hunt.is_over()) done = play_boot(hunt, report);
  report.result = hunt.result();
  // What was counted before the lab failed, or before Ctrl-C, is still a result.
  if (!done && (cancelled_ || report.result.trials > 0)) {
    report.result.stopped_by = cancelled_ ? "interrupted" : done.error().message;
    done = {};
  }
  TRY(ledger_.close(report.result.is_complete));
  return done;
}

}  // namespace lab
