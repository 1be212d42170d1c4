// Which unexpected verdicts are known. The danger of such a list is that it hides the next bug
// behind the last one, so an entry explains as little as it can: one verdict; when the console told
// something grave, only titles that the entry names (a run with one more title is not known); until
// a date. An entry that nothing shows any more is said to be stale, lest it wait for the next bug.

#include "harness/results/known.h"

#include <fnmatch.h>

#include <algorithm>

#include "harness/case/fields.h"
#include "harness/provision/pattern.h"
#include "profiler/base/files.h"

namespace lab {

using thaw::Error;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {

constexpr const char* kExample =
    "id = \"KI-1\", case = \"ringbuf-*\", kernels = \"6.18.*\", verdict = \"freeze\", reason = "
    "\"…\", "
    "link = \"https://…\", expires = 2027-03-31";

Result<std::string> need(const Fields& fields, std::string_view key) {
  auto text = TRY(fields.text(key));
  if (!text) return fields.missing(key, kExample);
  if (text->empty()) return fields.wrong(key, "is empty");
  return std::move(*text);
}

Result<std::optional<std::regex>> read_regex(const Fields& fields, std::string_view key) {
  const auto text = TRY(fields.text(key));
  if (!text) return std::nullopt;
  try {
    return std::regex(*text);
  } catch (const std::regex_error&) {
    return fields.wrong(key, "is not a regular expression (ECMAScript)");
  }
}

/// A TOML date, or the same as a string.
Result<std::string> read_date(const Fields& fields, std::string_view key) {
  const toml::node* node = fields.raw().get(key);
  if (!node) return fields.missing(key, kExample);
  if (const auto date = node->value_exact<toml::date>())
    return fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
  const auto text = node->value_exact<std::string>();
  static const std::regex shape("[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])");
  if (!text || !std::regex_match(*text, shape))
    return fields.wrong(key, "must be a date, such as 2027-03-31");
  return *text;
}

Result<KnownIssue> read_issue(const toml::table& table, const std::filesystem::path& file) {
  const Fields fields = TRY(Fields::open(table, "[[known]]", file,
                                         {"id", "case", "kernels", "verdict", "title", "says",
                                          "reason", "link", "expires", "measure"}));
  KnownIssue issue{.id = TRY(need(fields, "id")),
                   .cases = TRY(need(fields, "case")),
                   .kernels = TRY(need(fields, "kernels")),
                   .title = TRY(read_regex(fields, "title")),
                   .reason = TRY(read_regex(fields, "says")),
                   .measure = TRY(read_regex(fields, "measure")),
                   .why = TRY(need(fields, "reason")),
                   .link = TRY(fields.text("link")).value_or(""),
                   .expires = TRY(read_date(fields, "expires")),
                   .file = fmt::format("{}:{}", file.string(), table.source().begin.line)};
  if (const auto readable = check_pattern(issue.kernels); !readable)
    return fields.wrong("kernels", "cannot be read: " + readable.error().message);
  if (issue.measure) {
    if (TRY(fields.text("verdict")) || issue.title || issue.reason)
      return fields.wrong("measure", "explains no verdict: no verdict, title or says beside it");
    return issue;
  }
  const std::string verdict = TRY(need(fields, "verdict"));
  const auto kind = verdict_from_name(verdict);
  if (!kind || *kind == VerdictKind::infra)
    return fields.wrong("verdict",
                        fmt::format("is '{}'; it must be one of pass, freeze, hang, crash, "
                                    "fidelity, subject, incapable",
                                    verdict));
  issue.verdict = *kind;
  // Any crash, any freeze of that case would be "known" else.
  if (*kind == VerdictKind::crash && !issue.title)
    return fields.missing("title", R"("BUG: soft lockup in foo_bar")");
  const bool is_symptom = *kind == VerdictKind::freeze || *kind == VerdictKind::hang ||
                          *kind == VerdictKind::fidelity || *kind == VerdictKind::subject;
  if (is_symptom && !issue.title && !issue.reason)
    return fields.missing("says", R"("emits in NMI context")");
  return issue;
}

bool is_grave(const Finding& finding) {
  return finding.severity == "crash" || finding.severity == "lockup" ||
         finding.severity == "warning";
}

bool is_in_scope(const KnownIssue& issue, const RunResult& run) {
  const size_t space = run.package.find(' ');
  const std::string version = space == std::string::npos ? "" : run.package.substr(space + 1);
  return ::fnmatch(issue.cases.c_str(), run.case_name.c_str(), 0) == 0 &&
         matches(issue.kernels, run.kernel_name(), version);
}

/// The entry explains all of the verdict, whatever the date.
bool explains(const KnownIssue& issue, const RunResult& run) {
  if (run.verdict.kind != issue.verdict) return false;
  if (issue.reason && !std::regex_search(run.verdict.reason, *issue.reason)) return false;
  bool has_title = false;
  for (const Finding& finding : run.verdict.findings) {
    const bool is_named = issue.title && std::regex_search(finding.title, *issue.title);
    has_title = has_title || is_named;
    if (is_grave(finding) && !is_named) return false;
  }
  return has_title || !issue.title;
}

/// Once: a resumed session holds its runs against the list again.
void note_expiry(const KnownIssue& issue, RunResult& run) {
  std::string note = fmt::format("known issue {} expired on {} and counts again: {}", issue.id,
                                 issue.expires, issue.why);
  std::vector<std::string>& notes = run.verdict.notes;
  if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
}

}  // namespace

Status KnownIssues::parse(std::string_view text, const std::filesystem::path& file) {
  const toml::parse_result parsed = toml::parse(text, file.string());
  if (!parsed)
    return fail_at(file, parsed.error().source().begin, std::string(parsed.error().description()));
  const Fields fields =
      TRY(Fields::open(parsed.table(), "a list of known issues", file, {"known"}));
  for (const toml::table* table : TRY(fields.tables("known"))) {
    KnownIssue issue = TRY(read_issue(*table, file));
    const auto same = std::ranges::find(entries_, issue.id, &KnownIssue::id);
    if (same != entries_.end())
      return fail_at(file, table->source().begin,
                     fmt::format("id '{}' is taken by {}", issue.id, same->file));
    entries_.push_back(std::move(issue));
  }
  return {};
}

Status KnownIssues::read(const std::filesystem::path& file) {
  auto text = thaw::read_file(file);
  if (!text) {
    Error error = std::move(text).error();
    error.kind = ErrorKind::User;
    return std::unexpected(std::move(error));
  }
  return parse(*text, file);
}

void KnownIssues::apply(RunResult& run, std::string_view today) {
  run.known.reset();
  if (run.verdict.kind == VerdictKind::infra) return;
  for (KnownIssue& issue : entries_) {
    if (issue.measure || !is_in_scope(issue, run)) continue;
    ++issue.tried;
    if (run.as_expected() || !explains(issue, run)) continue;
    ++issue.matched;
    if (issue.expires < today)
      note_expiry(issue, run);
    else if (!run.known)
      run.known = KnownMatch{issue.id, issue.why, issue.link, issue.expires};
  }
}

void KnownIssues::apply(CaseTrend& trend, std::string_view today) {
  for (MeasureTrend& one : trend.measures) one.known.clear();
  if (trend.baseline.runs < kLeastRuns) return;
  for (KnownIssue& issue : entries_) {
    if (!issue.measure ||
        ::fnmatch(issue.cases.c_str(), trend.baseline.case_name.c_str(), 0) != 0 ||
        !matches(issue.kernels, trend.baseline.kernel, ""))
      continue;
    ++issue.tried;
    bool has_matched = false;
    for (MeasureTrend& one : trend.measures) {
      if (one.stand.trend != Trend::worse ||
          !std::regex_search(one.kind + ": " + one.name, *issue.measure))
        continue;
      has_matched = true;
      if (issue.expires >= today && one.known.empty()) one.known = issue.id;
    }
    issue.matched += has_matched ? 1 : 0;
  }
}

std::vector<std::string> KnownIssues::stale(bool all) const {
  std::vector<std::string> sentences;
  for (const KnownIssue& issue : entries_) {
    if (issue.matched > 0) continue;
    if (issue.tried > 0)
      sentences.push_back(fmt::format(
          "known issue {} is stale: none of {} run{} of its cases and kernels showed it; remove it "
          "from {} when it is fixed",
          issue.id, issue.tried, issue.tried == 1 ? "" : "s", issue.file));
    else if (all)
      sentences.push_back(fmt::format(
          "known issue {} matched nothing: no run was of its case ({}) and kernels ({})", issue.id,
          issue.cases, issue.kernels));
  }
  return sentences;
}

}  // namespace lab
