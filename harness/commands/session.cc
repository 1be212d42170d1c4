// The run boundary: here an Error of the lab becomes a verdict (`infra`) and never ends the
// session. Workers take the next planned run when they are free; a worker owns its guest, which
// would die with the worker's thread.

#include "harness/commands/session.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "harness/commands/keep.h"
#include "harness/commands/start.h"
#include "harness/report/numbers.h"
#include "harness/report/status.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

/// What execute() tells of one run, as words for the status line, and as events.
class Told : public Shown {
 public:
  Told(StatusLine& line, Chronicle& chronicle, const PlannedRun& run, bool is_terminal)
      : Shown(line, run.test.run.duration_s, is_terminal), chronicle_(chronicle), run_(run) {}
  void stage(std::string_view name) override {
    Shown::stage(name);
    chronicle_.stage(run_, name);
  }
  void retry(std::string_view reason) override {
    Shown::retry(reason);
    chronicle_.retry(run_, reason);
  }

 private:
  Chronicle& chronicle_;
  const PlannedRun& run_;
};

/// "3 of 12 done, 1 unexpected"
std::string total_of(const ResultSet& results) {
  const auto bad = std::ranges::count_if(results.runs, &RunResult::is_unexpected);
  return fmt::format("{} of {} done{}", results.runs.size(), results.planned,
                     bad > 0 ? fmt::format(", {} unexpected", bad) : "");
}

std::string remark_on(const RunResult& result) {
  if (result.as_expected()) return "";
  if (result.known)
    return fmt::format(" (expected {}, known issue {})", name_of(result.expected),
                       result.known->id);
  return fmt::format(" (expected {})", name_of(result.expected));
}

Evidence failed(thaw::Error error) {
  Evidence evidence;
  evidence.infra = std::move(error);
  return evidence;
}

class Session {
 public:
  Session(const std::vector<PlannedRun>& plan, const Catalogue& catalogue, const Programs& programs,
          const std::filesystem::path& cache, Ledger& ledger, const std::atomic<bool>& cancelled,
          const SessionOptions& options)
      : plan_(plan),
        catalogue_(catalogue),
        programs_(programs),
        cache_(cache),
        ledger_(ledger),
        cancelled_(cancelled),
        options_(options) {}

  Status run();

 private:
  void work();
  Evidence evidence_of(const PlannedRun& planned, StatusLine& line);
  Evidence evidence_on_metal(const PlannedRun& planned, StatusLine& line);
  void keep(const PlannedRun& planned, const Evidence& evidence, Machine& machine,
            StatusLine& line);
  void record(const PlannedRun& planned, const Evidence& evidence, StatusLine& line);

  const std::vector<PlannedRun>& plan_;
  const Catalogue& catalogue_;
  const Programs& programs_;
  const std::filesystem::path& cache_;
  Ledger& ledger_;
  const std::atomic<bool>& cancelled_;
  const SessionOptions& options_;
  std::atomic<size_t> next_ = 0;
  bool was_kept_ = false;  ///< the current run's guest; one job only
  std::mutex mutex_;       ///< guards ledger_ and failure_
  Status failure_;
};

Evidence Session::evidence_on_metal(const PlannedRun& planned, StatusLine& line) {
  if (planned.missing) return failed(*planned.missing);
  line.stage(planned.kernel.cached ? "check kernel" : "fetch kernel");
  auto image = catalogue_.fetch(planned.kernel);
  if (!image) return failed(std::move(image).error());
  Told told(line, *options_.chronicle, planned, options_.is_terminal);
  return options_.metal->play(planned.id,
                              {.test = planned.test,
                               .kernel = std::move(*image),
                               .directory = ledger_.directory() / planned.id,
                               .programs = programs_,
                               .cancelled = &cancelled_},
                              told);
}

Evidence Session::evidence_of(const PlannedRun& planned, StatusLine& line) {
  if (options_.metal != nullptr) return evidence_on_metal(planned, line);
  Shown shown(line, planned.test.run.duration_s, options_.is_terminal && options_.jobs == 1);
  if (options_.remote != nullptr)
    return play_on(*options_.remote,
                   {.test = planned.test,
                    .kernel = {},
                    .directory = ledger_.directory() / planned.id,
                    .programs = programs_,
                    .cancelled = &cancelled_},
                   shown);
  auto request = request_for(planned, catalogue_, programs_, cache_, cancelled_, line);
  if (!request) return failed(std::move(request).error());
  request->directory = ledger_.directory() / planned.id;
  if (options_.keep)
    request->keep = [&](const Evidence& evidence, Machine& machine) {
      keep(planned, evidence, machine, line);
    };
  Told told(line, *options_.chronicle, planned, options_.is_terminal);
  return execute(*request, told);
}

void Session::keep(const PlannedRun& planned, const Evidence& evidence, Machine& machine,
                   StatusLine& line) {
  was_kept_ = true;
  const Verdict verdict = verdict_on(planned, evidence);
  if (verdict.kind == planned.expected) return;
  line.end(fmt::format("{}: {}, not {}: {}", planned.id, name_of(verdict.kind),
                       name_of(planned.expected), verdict.reason));
  if (evidence.gave_up_waiting) line.end("it answers nothing any more: a shell may not open");
  const auto kept = keep_guest(machine, ledger_.directory() / planned.id, cancelled_);
  if (!kept) line.end(kept.error().message);
}

void Session::record(const PlannedRun& planned, const Evidence& evidence, StatusLine& line) {
  const std::lock_guard lock(mutex_);
  if (!failure_) return;
  const auto recorded = ledger_.record(planned, evidence, options_.repeat(planned));
  if (!recorded) {
    failure_ = std::unexpected(recorded.error());
    return;
  }
  const RunResult& result = **recorded;
  options_.chronicle->verdict(result);
  const ResultSet& results = ledger_.results();
  options_.board->total(total_of(results));
  line.end(fmt::format("[{}/{}] {}  {}{}: {}", results.runs.size(), plan_.size(), planned.id,
                       name_of(result.verdict.kind), remark_on(result), result.verdict.reason));
}

void Session::work() {
  StatusLine line(*options_.board);
  for (size_t at = next_++; at < plan_.size() && !cancelled_; at = next_++) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) return;
    }
    const PlannedRun& planned = plan_[at];
    if (options_.done.contains(planned.id)) continue;
    line.begin(fmt::format("[{}/{}] {}", at + 1, plan_.size(), planned.id));
    options_.chronicle->run_begin(planned, at + 1);
    Evidence evidence;
    if (options_.keep) was_kept_ = false;
    try {
      evidence = evidence_of(planned, line);
    } catch (const std::exception& error) {  // memory, the C++ library's file system
      evidence = failed({thaw::ErrorKind::Environment, error.what(), 0});
    }
    // An interrupted run is no result; one whose guest was kept was over before.
    if (cancelled_ && !was_kept_) return;
    try {
      record(planned, evidence, line);
    } catch (const std::exception& error) {  // a library's: of JSON, XML, expressions, memory
      const std::lock_guard lock(mutex_);
      failure_ = thaw::fail(thaw::ErrorKind::Environment, "cannot record {}: {}", planned.id,
                            error.what());
      return;
    }
  }
}

Status Session::run() {
  std::vector<std::thread> others;
  for (int job = 1; job < options_.jobs; job++) others.emplace_back([this] { work(); });
  work();
  for (std::thread& other : others) other.join();
  return failure_;
}

}  // namespace

Status run_session(const std::vector<PlannedRun>& plan, const Catalogue& catalogue,
                   const Programs& programs, const std::filesystem::path& cache, Ledger& ledger,
                   const std::atomic<bool>& cancelled, const SessionOptions& options) {
  return Session(plan, catalogue, programs, cache, ledger, cancelled, options).run();
}

}  // namespace lab
