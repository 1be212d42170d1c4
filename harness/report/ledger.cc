// From evidence to a written record: the part of the pipeline behind run/. The capture is in memory
// only here and only for one run at a time (a captured load of ten seconds is a million events);
// what the report needs of it, numbers and the picture, is drawn while it is there.

#include "harness/report/ledger.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "harness/report/page.h"
#include "harness/report/picture.h"
#include "harness/results/store.h"
#include "harness/verdict/attribution.h"
#include "harness/verdict/console.h"
#include "profiler/base/date.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::Result;
using thaw::Status;

namespace {

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

/// The threads around the stall that the host explains least.
std::string picture_of(const thaw::Capture& capture, const Evidence& evidence,
                       const Verdict& verdict) {
  if (verdict.stalls.empty() || !evidence.load_guest) return "";
  const Stall& stall = verdict.stalls.front();
  const auto ns = [](double ms) { return static_cast<int64_t>(ms * 1e6); };
  const int64_t start = evidence.load_guest->start_ns + ns(stall.start_ms);
  return draw_threads(capture, {start, start + ns(stall.length_ms)});
}

}  // namespace

Verdict verdict_on(const PlannedRun& run, const Evidence& evidence) {
  Result<thaw::Capture> capture = thaw::fail(thaw::ErrorKind::Environment, "there is no capture");
  if (!evidence.capture.empty()) capture = thaw::Capture::load(evidence.capture);
  return judge(run.test, evidence, capture ? &*capture : nullptr, read_console(run, evidence));
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

Result<const RunResult*> Ledger::record(const PlannedRun& run, const Evidence& evidence,
                                        const std::string& repeat) {
  Result<thaw::Capture> capture = thaw::fail(thaw::ErrorKind::Environment, "there is no capture");
  if (!evidence.capture.empty()) capture = thaw::Capture::load(evidence.capture);
  const thaw::Capture* loaded = capture ? &*capture : nullptr;

  Verdict verdict = judge(run.test, evidence, loaded, read_console(run, evidence));
  verdict.attribution = attributed(evidence, loaded);
  if (!capture && !evidence.capture.empty()) verdict.notes.push_back(capture.error().message);

  RunResult result = summarize(run, evidence, verdict, loaded, directory_);
  result.repeat = repeat;
  if (!evidence.directory.empty()) {
    TRY(thaw::write_file(evidence.directory / "repeat", repeat + "\n"));
    const std::string picture = loaded ? picture_of(*loaded, evidence, verdict) : "";
    if (!picture.empty()) {
      TRY(thaw::write_file(evidence.directory / "threads.svg", picture));
      result.picture = result.directory + "/threads.svg";
    }
  }
  known_.apply(result, thaw::date_text("%Y-%m-%d", thaw::Zone::utc));
  results_.runs.push_back(std::move(result));
  TRY(save());
  return &results_.runs.back();
}

Status Ledger::close(bool all) {
  results_.finished = all;
  return save();
}

}  // namespace lab
