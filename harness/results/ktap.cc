// KTAP, for the tools of kernel testers. Flat, not nested by case: a nested plan would have to be
// known per case, and a session that was interrupted must not look like one that is complete. What
// else is known of a run are diagnostic lines before its result, as KTAP wants.

#include "harness/results/ktap.h"

#include <fmt/format.h>

#include "harness/results/text.h"

namespace lab {

namespace {

/// On one line, and without the '#' that begins a directive.
std::string plain(std::string_view text) {
  std::string line = clean_utf8(text);
  for (char& c : line)
    if (c == '\n' || c == '\t') c = ' ';
  for (size_t at = 0; (at = line.find('#', at)) != std::string::npos;) line.replace(at, 1, "no.");
  return line;
}

bool proves_nothing(const RunResult& run) {
  return run.verdict.kind == VerdictKind::infra || run.verdict.kind == VerdictKind::incapable;
}

std::string directive_of(const RunResult& run) {
  if (run.as_expected()) return "";
  if (run.known) return fmt::format(" # XFAIL {}: {}", run.known->id, plain(run.known->reason));
  if (proves_nothing(run))
    return fmt::format(" # ERROR {}: {}", name_of(run.verdict.kind), plain(run.verdict.reason));
  return "";
}

std::string test_of(const RunResult& run, size_t number) {
  std::string text =
      fmt::format("# {}: {}, expected {}: {}\n", plain(run.id), name_of(run.verdict.kind),
                  name_of(run.expected), plain(run.verdict.reason));
  for (const Finding& finding : run.verdict.findings)
    if (finding.severity != "expected")
      text += fmt::format("# console line {}: {}\n", finding.line, plain(finding.title));
  if (run.is_unexpected() && !run.repeat.empty())
    text += fmt::format("# repeat: {}\n", plain(run.repeat));
  return text + fmt::format("{} {} {} {} seed {}{}\n", run.is_unexpected() ? "not ok" : "ok",
                            number, plain(run.case_name), plain(run.kernel_name()), run.seed,
                            directive_of(run));
}

}  // namespace

std::string to_ktap(const ResultSet& results) {
  std::string text =
      fmt::format("KTAP version 1\n1..{}\n",
                  std::max(static_cast<size_t>(results.planned), results.runs.size()));
  for (size_t i = 0; i < results.runs.size(); ++i) text += test_of(results.runs[i], i + 1);
  return text;
}

}  // namespace lab
