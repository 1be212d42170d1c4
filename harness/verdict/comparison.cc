// A comparison that fails is a remark about the comparison. The run is about the subject, which may
// have done well beside it; so whatever goes wrong here becomes words and never a verdict.

#include "harness/verdict/comparison.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/verdict/honesty.h"

namespace lab {

namespace {

std::string in_words(const std::vector<std::string>& command) {
  return fmt::format("{}", fmt::join(command, " "));
}

/// Where it was lost; empty when it came to its end.
std::string why_not_run(const Subject& asked, const SubjectOutcome& recorder) {
  const std::string words = last_line(recorder.output_tail);
  const std::string said = words.empty() ? "" : "; it said: " + words;
  if (!recorder.started) return "it did not start" + said;
  if (!recorder.ready) return "it was never ready" + said;
  if (!recorder.exit_code) return "it did not end when it was told to" + said;
  if (recorder.died_early)
    return fmt::format("it ended before the load did (exit code {}){}", *recorder.exit_code, said);
  if (!has_ended_well(asked, *recorder.exit_code))
    return fmt::format("it failed (exit code {}){}", *recorder.exit_code, said);
  return "";
}

}  // namespace

std::string why_no_profile(const SubjectOutcome& recorder, const LeftProfile& left) {
  if (!recorder.conversion.empty()) return recorder.conversion;
  if (left.profile) return "";
  return left.failure.empty() ? "nothing is where {capture} said to put it" : left.failure;
}

std::optional<ComparedRecorder> compare_recorder(const Case& test, const Evidence& evidence,
                                                 const LeftProfile& left, bool are_times_known) {
  if (test.comparison.command.empty() || !evidence.comparison) return std::nullopt;
  ComparedRecorder compared{.command = in_words(test.comparison.command),
                            .format = thaw::name_of(test.comparison.profile->format),
                            .failure = why_not_run(test.comparison, *evidence.comparison),
                            .untrue = {},
                            .measures = {}};
  if (compared.failure.empty()) compared.failure = why_no_profile(*evidence.comparison, left);
  if (!compared.failure.empty()) return compared;
  AgainstTruth held = against_truths(test, evidence, *left.profile);
  if (held.untruth && held.untruth->is_time && !are_times_known)
    compared.failure = "the host took too much of the load's time to judge " + held.untruth->what;
  else if (held.untruth)
    compared.untrue =
        fmt::format("{} {}, not {}", held.untruth->by, held.untruth->what, held.untruth->range);
  compared.measures = std::move(held.measures);
  return compared;
}

namespace {

/// For the notes.
std::string sentence_on(const ComparedRecorder& compared) {
  const std::string who = fmt::format("beside it `{}`", compared.command);
  if (!compared.failure.empty())
    return fmt::format("{} is not compared: {}", who, compared.failure);
  if (!compared.untrue.empty()) return fmt::format("{} is not true: {}", who, compared.untrue);
  const auto held = std::ranges::count_if(compared.measures, [](const thaw::Measure& measure) {
    return measure.is_available() && measure.is_judged;
  });
  return held == 0 ? fmt::format("{} has nothing that could be held against a truth", who)
                   : fmt::format("{} is true in all of {} measures", who, held);
}

}  // namespace

void tell_comparison(Verdict& verdict) {
  ComparedRecorder& compared = *verdict.comparison;
  const VerdictKind kind = verdict.kind;
  const bool died =
      kind == VerdictKind::infra || kind == VerdictKind::hang || kind == VerdictKind::crash;
  if (died && compared.failure.empty())
    compared.failure = fmt::format("the run's verdict is {}", name_of(kind));
  if (died) compared.untrue.clear();
  verdict.notes.push_back(sentence_on(compared));
  if (kind != VerdictKind::pass && kind != VerdictKind::infra)
    verdict.reason += fmt::format(" (beside it ran `{}`)", compared.command);
}

}  // namespace lab
