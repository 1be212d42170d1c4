// A trial goes on from a saved machine where that is possible: the boot is paid once for a few
// trials. Each is judged and recorded like any run: `thawlab show` on a bisection's directory shows
// all of them, with their evidence and the command that repeats each.

#include "harness/commands/bisect_trials.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/commands/hunt_trials.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

/// Trials from one boot share its memory layout, and what a layout hides no number of them shows.
constexpr int kTrialsPerBoot = 3;

std::string key_of(const KernelRef& kernel) {
  return kernel.release + "_" + kernel.version;
}

}  // namespace

PlannedRun BisectTrials::planned_run(const KernelRef& kernel) const {
  const Expectation expected = expectation_for(setting_.test, kernel);
  return {.test = setting_.test,
          .pattern = kernel.release,
          .kernel = kernel,
          .missing = std::nullopt,
          .expected = expected.verdict,
          .expected_reason = expected.reason,
          .seed = setting_.test.run.seed,
          .repetition = 1,
          .id = {}};
}

Status BisectTrials::provide(const KernelRef& kernel) {
  const std::string key = key_of(kernel);
  if (const auto coming = coming_.find(key); coming != coming_.end() && coming->second.valid())
    coming->second.get();
  if (key == key_) return {};
  saved_.reset();
  must_boot_ = false;
  key_.clear();
  request_ = TRY(request_for(planned_run(kernel), setting_.place.catalogue, setting_.place.programs,
                             setting_.place.cache, setting_.interrupted, setting_.line));
  key_ = key;
  return {};
}

void BisectTrials::provide_soon(const KernelRef& kernel) {
  const std::string key = key_of(kernel);
  if (kernel.cached || key == key_ || coming_.contains(key)) return;
  coming_[key] = std::async(std::launch::async, [&catalogue = setting_.place.catalogue, kernel] {
    // A guest is measured meanwhile. Programs started from here inherit the priority.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
    static_cast<void>(catalogue.fetch(kernel));
  });
}

Evidence BisectTrials::evidence_of(const PlannedRun& planned) {
  const std::filesystem::path directory = setting_.ledger.directory() / planned.id;
  if (!must_boot_ && (!saved_ || trials_of_boot_ >= kTrialsPerBoot)) {
    RunRequest request = *request_;
    request.test = planned.test;
    request.directory = setting_.ledger.directory() / "boots" / planned.id;
    saved_ = std::make_unique<Trials>(std::move(request), shown_);
    trials_of_boot_ = 0;
    // A guest that crashes before its subject is ready has no state to save, but a verdict.
    must_boot_ = !saved_->boot();
  }
  if (!must_boot_) {
    trials_of_boot_++;
    return saved_->next(planned.test, directory);
  }
  RunRequest request = *request_;
  request.test = planned.test;
  request.directory = directory;
  return execute(request, shown_);
}

Result<TrialAnswer> BisectTrials::run(uint64_t seed, int number) {
  CHECK(request_.has_value(), "no kernel was provided");
  PlannedRun planned = planned_run(request_->kernel.ref);
  planned.seed = planned.test.run.seed = seed;
  planned.repetition = number;
  planned.id = fmt::format("trial-{:03}-{}", number, planned.kernel.release);
  const int64_t start_ns = thaw::monotonic_ns();
  Evidence evidence;
  try {
    evidence = evidence_of(planned);
  } catch (const std::exception& error) {  // memory, the C++ library's file system
    evidence.infra = thaw::Error{thaw::ErrorKind::Environment, error.what(), 0};
  }
  if (setting_.interrupted) return TrialAnswer{.reason = "interrupted", .directory = {}};
  const RunResult* result = TRY(setting_.ledger.record(planned, evidence, trial_command(planned)));
  return TrialAnswer{.verdict = result->verdict.kind,
                     .reason = result->verdict.reason,
                     .wall_s = static_cast<double>(thaw::monotonic_ns() - start_ns) / 1e9,
                     .directory = planned.id};
}

}  // namespace lab
