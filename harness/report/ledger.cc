// From evidence to a written record: the part of the pipeline behind run/. The capture is in memory
// only here and only for one run at a time (a captured load of ten seconds is a million events);
// what the report needs of it, numbers and the picture, is drawn while it is there.

#include "harness/report/ledger.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "harness/report/divergence.h"
#include "harness/report/page.h"
#include "harness/report/picture.h"
#include "harness/results/store.h"
#include "harness/verdict/attribution.h"
#include "harness/verdict/console.h"
#include "profiler/analysis/lanes.h"
#include "profiler/base/date.h"
#include "profiler/base/files.h"
#include "profiler/ui/page.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

constexpr const char* kViewer = "viewer.html";
constexpr size_t kMostViewerBytes = 4'000'000;  // a night has a hundred runs

std::vector<Finding> read_console(const PlannedRun& run, const Evidence& evidence) {
  if (evidence.console.empty()) return classify_console("", false);
  const auto log = thaw::read_file(evidence.console);
  return classify_console(log ? *log : "", run.test.nmi.source != NmiSource::none,
                          !evidence.console_goes_on);
}

std::vector<Attribution> attributed(const Evidence& evidence, const thaw::Capture* capture) {
  const auto text = evidence.symbols.empty() ? "" : thaw::read_file(evidence.symbols).value_or("");
  const Symbols symbols = Symbols::parse(text);
  if (!capture) return attribute(evidence, nullptr, symbols);
  const thaw::EmitSummary emits = thaw::summarize_emits(*capture);
  return attribute(evidence, &emits, symbols);
}

/// In guest time, of the stall that the host explains least.
std::optional<Interval> stall_of(const Evidence& evidence, const Verdict& verdict) {
  if (verdict.stalls.empty() || !evidence.load_guest) return std::nullopt;
  const Stall& stall = verdict.stalls.front();
  const auto ns = [](double ms) { return static_cast<int64_t>(ms * 1e6); };
  const int64_t start = evidence.load_guest->start_ns + ns(stall.start_ms);
  return Interval{start, start + ns(stall.length_ms)};
}

/// Writes the capture as a page beside it. The page's name and where in it the stall is; "" when
/// that cannot be had: the rest of the record is worth more.
std::string write_viewer(const Evidence& evidence, const std::optional<Interval>& stall) {
  const auto lanes = thaw::Lanes::load(evidence.capture);
  if (!lanes || lanes->threads().empty()) return "";
  // What the guest ran came from beside this program.
  const auto here = thaw::own_directory().value_or(".");
  const thaw::NameOptions names{.folders = {here.string(), (here / "workloads").string()}};
  const thaw::EmbeddedPage page =
      thaw::embedded_page(*lanes, evidence.capture.filename().string(), names, kMostViewerBytes);
  if (!thaw::write_file(evidence.directory / kViewer, page.html)) return "";
  if (!stall) return kViewer;
  const int64_t length = stall->end_ns - stall->start_ns;
  const int64_t from = std::max<int64_t>(0, stall->start_ns - lanes->start_ns() - length / 2);
  return fmt::format("{}#t={}-{}", kViewer, from, from + 2 * length);
}

/// A profile of a format that is no capture's, read now.
LeftProfile read_left(const std::filesystem::path& file, const std::optional<ProfileLeft>& spec) {
  if (file.empty() || !spec) return {};
  const auto bytes = thaw::read_file(file);
  if (!bytes) return {.profile = {}, .failure = bytes.error().message};
  auto profile = thaw::read_profile(*bytes, spec->format);
  if (!profile) return {.profile = {}, .failure = profile.error().message};
  return {.profile = std::move(*profile), .failure = {}};
}

Recordings recordings_of(const PlannedRun& run, const Evidence& evidence,
                         const thaw::Capture* capture) {
  return {.capture = capture,
          .profile = read_left(evidence.profile, run.test.subject.profile),
          .comparison = read_left(evidence.comparison_profile, run.test.comparison.profile)};
}

}  // namespace

Verdict verdict_on(const PlannedRun& run, const Evidence& evidence) {
  Result<thaw::Capture> capture = thaw::fail(thaw::ErrorKind::Environment, "there is no capture");
  if (!evidence.capture.empty()) capture = thaw::Capture::load(evidence.capture);
  return judge(run.test, evidence, recordings_of(run, evidence, capture ? &*capture : nullptr),
               read_console(run, evidence));
}

Result<Ledger> Ledger::open(std::filesystem::path directory, ResultSet results) {
  thaw::UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock.is_valid())
    return thaw::fail_errno(errno, fmt::format("cannot open {}", directory.string()));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return thaw::fail(thaw::ErrorKind::User, "another thawlab is writing into {}",
                      directory.string());
  Ledger ledger(std::move(directory), std::move(results), std::move(lock));
  TRY(ledger.save());
  return ledger;
}

void Ledger::set_known(KnownIssues known) {
  known_ = std::move(known);
  for (RunResult& run : results_.runs)
    known_.apply(run, thaw::date_text("%Y-%m-%d", thaw::Zone::utc));
}

Status Ledger::save() const {
  TRY(save_results(results_, directory_));
  TRY(save_page(results_, directory_));
  return {};
}

void Ledger::hold_to_earlier(RunResult& result, const thaw::Capture* capture) const {
  // One that the lab could not play, or not to its end, is not another than it should be.
  if (result.guest_digest.empty() || result.verdict.kind == VerdictKind::infra) return;
  const auto is_same = [&](const RunResult& run) {
    return run.case_name == result.case_name && run.package == result.package &&
           run.seed == result.seed && !run.guest_digest.empty() &&
           run.verdict.kind != VerdictKind::infra;
  };
  const auto earlier = std::ranges::find_if(results_.runs, is_same);
  if (earlier == results_.runs.end() || earlier->guest_digest == result.guest_digest) return;
  const auto other = thaw::Capture::load(directory_ / earlier->capture);
  const auto where = capture && other ? first_divergence(*other, *capture) : std::nullopt;
  result.verdict.kind = VerdictKind::infra;
  result.verdict.reason = fmt::format(
      "not the same as {}, which had the same seed: {}", earlier->id,
      where.value_or("their captures have the same events; compare agent.log and console.log"));
}

Result<const RunResult*> Ledger::record(const PlannedRun& run, const Evidence& evidence,
                                        const std::string& repeat) {
  Result<thaw::Capture> capture = thaw::fail(thaw::ErrorKind::Environment, "there is no capture");
  if (!evidence.capture.empty()) capture = thaw::Capture::load(evidence.capture);
  const thaw::Capture* loaded = capture ? &*capture : nullptr;

  Verdict verdict =
      judge(run.test, evidence, recordings_of(run, evidence, loaded), read_console(run, evidence));
  verdict.attribution = attributed(evidence, loaded);
  if (!capture && !evidence.capture.empty()) verdict.notes.push_back(capture.error().message);

  RunResult result = summarize(run, evidence, verdict, loaded, directory_);
  hold_to_earlier(result, loaded);
  result.repeat = repeat;
  if (!evidence.directory.empty()) {
    TRY(thaw::write_file(evidence.directory / "repeat", repeat + "\n"));
    const auto stall = stall_of(evidence, verdict);
    const std::string picture = loaded && stall ? draw_threads(*loaded, *stall) : "";
    if (!picture.empty()) {
      TRY(thaw::write_file(evidence.directory / "threads.svg", picture));
      result.picture = result.directory + "/threads.svg";
    }
    const std::string viewer = loaded ? write_viewer(evidence, stall) : "";
    if (!viewer.empty()) result.viewer = result.directory + "/" + viewer;
  }
  known_.apply(result, thaw::date_text("%Y-%m-%d", thaw::Zone::utc));
  results_.runs.push_back(std::move(result));
  TRY(save());
  return &results_.runs.back();
}

void Ledger::set_trends(std::vector<CaseTrend> trends) {
  results_.trends = std::move(trends);
  for (CaseTrend& trend : results_.trends)
    known_.apply(trend, thaw::date_text("%Y-%m-%d", thaw::Zone::utc));
}

Status Ledger::close(bool all) {
  results_.finished = all;
  return save();
}

}  // namespace lab
