// The opening of the report: four numbers, and under them what each stands for, with what the
// counts prove.

#include <fmt/format.h>

#include "harness/report/compare.h"
#include "harness/report/markup.h"
#include "harness/report/overview.h"

namespace lab {

namespace {

struct Rate {
  size_t undecided = 0;
  size_t runs = 0;

  explicit Rate(const SessionRecord& session) : runs(session.trials.size()) {
    for (const Trial& trial : session.trials) undecided += trial.is_judged() ? 0 : 1;
  }
  std::string text() const {
    if (runs == 0) return "no runs";
    return fmt::format("{} of {} ({:.0f} %)", undecided, runs,
                       100.0 * static_cast<double>(undecided) / static_cast<double>(runs));
  }
};

std::string tile(const char* tone, const std::string& number, const std::string& words) {
  return fmt::format("<div class=\"tile {}\"><div class=\"figure\">{}</div><div>{}</div></div>\n",
                     tone, number, words);
}

/// The kernel was not there in any session before, with this case.
bool is_new_kernel(const Overview& overview, const Cell& cell) {
  for (size_t at = 0; at + 1 < overview.sessions.size(); ++at)
    if (!trials_of(overview.sessions[at], cell.case_name, cell.after.kernel).empty()) return false;
  return true;
}

std::vector<const Cell*> new_kernels(const Overview& overview) {
  std::vector<const Cell*> found;
  for (const Cell& cell : overview.changes.cells)
    if (cell.after.runs > 0 && is_new_kernel(overview, cell)) found.push_back(&cell);
  return found;
}

std::string item(const Cell& cell, double alpha) {
  const bool has_before = cell.before.runs > 0;
  std::string text =
      fmt::format("<li><b>{}</b> on {}: ", html(cell.case_name),
                  html(cell.after.runs > 0 ? cell.after.kernel : cell.before.kernel));
  if (has_before)
    text += fmt::format("{} → {}", verdicts_text(cell.before), verdicts_text(cell.after));
  else
    text += verdicts_text(cell.after);
  if (cell.change == Change::regression || cell.change == Change::fix ||
      cell.change == Change::known)
    text += fmt::format("<span class=\"soft\">; {}</span>", html(proof_text(cell, alpha)));
  for (const std::string& note : cell.notes)
    text += fmt::format("<br><span class=\"soft\">{}</span>", html(note));
  return text + "</li>\n";
}

std::string list(const char* title, const std::vector<const Cell*>& cells, double alpha) {
  if (cells.empty()) return "";
  std::string text = fmt::format("<h3>{}</h3>\n<ul class=\"changes\">\n", title);
  for (const Cell* cell : cells) text += item(*cell, alpha);
  return text + "</ul>\n";
}

/// The reasons why runs of the newest session say nothing, once each.
std::string undecided_list(const SessionRecord& session) {
  std::map<std::string, size_t> reasons;
  for (const Trial& trial : session.trials)
    if (!trial.is_judged()) ++reasons[fmt::format("{}: {}", name_of(trial.verdict), trial.reason)];
  if (reasons.empty()) return "";
  std::string text = "<h3>Could not be judged</h3>\n<ul class=\"changes\">\n";
  for (const auto& [reason, count] : reasons)
    text += fmt::format("<li>{}<span class=\"soft\"> ({} run{})</span></li>\n", html(reason), count,
                        count == 1 ? "" : "s");
  return text + "</ul>\n";
}

/// Unexpected in the newest session, whatever was before: a red kernel that stays red is no news,
/// and must not be out of sight.
std::vector<const Cell*> still_failing(const Overview& overview) {
  std::vector<const Cell*> found;
  for (const Cell& cell : overview.changes.cells)
    if (cell.after.unexpected > cell.after.known && cell.change != Change::regression)
      found.push_back(&cell);
  return found;
}

}  // namespace

std::string changes_part(const Overview& overview) {
  const Comparison& changes = overview.changes;
  const bool is_first = changes.before.trials.empty();
  const auto regressions = changes.of(Change::regression);
  const auto fixes = changes.of(Change::fix);
  const auto kernels = is_first ? std::vector<const Cell*>{} : new_kernels(overview);
  const auto failing = still_failing(overview);
  const Rate before(changes.before);
  const Rate after(changes.after);

  std::string text = fmt::format(
      "<h2>{}</h2>\n<p class=\"soft\">{}, {}{}</p>\n<div class=\"tiles\">\n",
      is_first ? "The first run" : "Since the last run", html(changes.after.name),
      html(changes.after.started),
      is_first ? "" : ", against each case's session before: " + html(changes.before.started));
  if (!is_first) {
    text += tile(regressions.empty() ? "good" : "bad", std::to_string(regressions.size()),
                 regressions.size() == 1 ? "new failure" : "new failures");
    text += tile(fixes.empty() ? "" : "good", std::to_string(fixes.size()), "fixed");
  }
  text += tile(failing.empty() ? "" : "bad", std::to_string(failing.size()),
               is_first ? "not as expected" : "still failing, or new and failing");
  if (!is_first)
    text += tile("", std::to_string(kernels.size()),
                 kernels.size() == 1 ? "new kernel" : "new kernels");
  text += tile(after.undecided > 0 ? "none" : "", after.text(),
               is_first ? "could not be judged" : "could not be judged; before: " + before.text());
  text += "</div>\n";
  text += list("New failures", regressions, changes.alpha);
  text += list(is_first ? "Not as expected" : "Still failing, or new and failing", failing,
               changes.alpha);
  text += list("Worse, but known", changes.of(Change::known), changes.alpha);
  text += list("Fixed", fixes, changes.alpha);
  text += list("New kernels", kernels, changes.alpha);
  text += undecided_list(changes.after);
  for (const std::string& note : changes.notes)
    text += fmt::format("<p class=\"soft\">{}</p>\n", html(note));
  return text;
}

}  // namespace lab
