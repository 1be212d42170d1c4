// One run's record from everything known about it. The last place that sees evidence and capture:
// from here on there is only the record. No judgement; the verdict is copied.

#include "harness/results/result.h"

#include <algorithm>

#include "harness/case/write.h"
#include "harness/provision/digest.h"
#include "profiler/analysis/accounting.h"
#include "profiler/analysis/emits.h"

namespace lab {

namespace {

/// Relative to the results directory, so that the directory can be moved or sent.
std::string relative_to(const std::filesystem::path& root, const std::filesystem::path& path) {
  if (path.empty()) return "";
  const auto relative = path.lexically_relative(root);
  return relative.empty() ? path.string() : relative.string();
}

void add_capture(RunResult& result, const thaw::Capture& capture) {
  const thaw::Accounting books = thaw::account(capture);
  const auto switches = static_cast<size_t>(thaw::EventKind::sched_switch);
  result.switches_recorded = books.recorded[switches];
  if (!capture.tally()) return;
  const uint64_t happened = books.happened[switches];
  result.switches_lost = happened - std::min(happened, books.recorded[switches]);
  result.losses = capture.tally()->losses;
  result.kernel_switches = books.kernel_switches;
  result.emits = thaw::summarize_emits(capture).by_context;
}

VerdictKind expected_of(const PlannedRun& run, VerdictKind verdict) {
  const bool is_as_good = std::ranges::find(run.or_expected, verdict) != run.or_expected.end();
  return is_as_good ? verdict : run.expected;
}

}  // namespace

RunResult summarize(const PlannedRun& run, const Evidence& evidence, const Verdict& verdict,
                    const thaw::Capture* capture, const std::filesystem::path& root) {
  RunResult result{.id = run.id,
                   .case_name = run.test.name,
                   .pattern = run.pattern,
                   .kernel = evidence.guest ? evidence.guest->kernel : "",
                   .release = run.kernel.release,
                   .package = run.kernel.package,
                   .suite = run.kernel.suite,
                   .verdict = verdict,
                   .expected = expected_of(run, verdict.kind),
                   .or_incapable = run.or_incapable,
                   .expected_reason = run.expected_reason,
                   .oracle = evidence.oracle_summary,
                   .cost = run.test.cost,
                   .seed = run.seed,
                   .attempts = evidence.attempts,
                   .guest_digest = evidence.guest_digest,
                   .accelerator = evidence.accelerator,
                   .qemu = evidence.qemu_version,
                   .host_watch = evidence.host_watch,
                   .host_load = evidence.host_load,
                   .agent_hello_ms = evidence.agent_hello_ms,
                   .wall_s = evidence.wall_s,
                   .nmis_sent = evidence.nmi.sent,
                   .nmis_delivered = evidence.nmi.delivered,
                   .subject_nmi_runs = evidence.subject.nmi_runs,
                   .maps = evidence.maps,
                   .meter = evidence.meter,
                   .guest = evidence.kernel,
                   .workload_truth = evidence.workload_truth.value_or(""),
                   .directory = relative_to(root, evidence.directory),
                   .capture = relative_to(root, evidence.capture),
                   .console = relative_to(root, evidence.console),
                   .agent_log = relative_to(root, evidence.agent_log),
                   .settings = settings_digest(run.test)};
  if (result.meter) result.meter->longs.clear();
  if (!run.kernel.version.empty()) result.package += " " + run.kernel.version;
  if (evidence.load_host)
    result.load_s =
        static_cast<double>(evidence.load_host->end_ns - evidence.load_host->start_ns) / 1e9;
  if (capture) add_capture(result, *capture);
  if (!result.subject_nmi_runs && capture && capture->tally())
    result.subject_nmi_runs = capture->tally()->nmi_runs;
  return result;
}

std::string settings_digest(const Case& test) {
  Case how = test;
  how.name = how.why = "";
  how.kernels.clear();
  how.expect.clear();
  how.cost = {};
  how.run.seed = 0;
  // Where a file lies differs between two checkouts of one tree.
  for (std::filesystem::path& file : how.subject.files) file = file.filename();
  constexpr size_t kDigits = 12;  // enough to tell the versions of one case apart
  return sha256_of(case_text(how)).substr(0, kDigits);
}

int exit_code(const ResultSet& results) {
  bool environment = false;
  for (const RunResult& run : results.runs) {
    if (!run.is_unexpected()) continue;
    const VerdictKind kind = run.verdict.kind;
    if (kind != VerdictKind::infra && kind != VerdictKind::incapable) return 1;
    environment = true;
  }
  for (const CaseTrend& trend : results.trends)
    if (trend.has_unknown_worse()) return 1;
  if (environment) return 69;
  return results.finished ? 0 : 130;
}

}  // namespace lab
