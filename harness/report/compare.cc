// `thawlab compare`. A line of text per cell that changed: counts on both sides, what the counts
// prove, and what would settle it where they do not.

#include "harness/report/compare.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/report/numbers.h"
#include "harness/report/trends.h"
#include "harness/results/text.h"
#include "harness/results/trends_json.h"

namespace lab {

using nlohmann::json;

namespace {

struct Section {
  Change change;
  const char* title;
  const char* color;
};
constexpr std::array kSections{
    Section{Change::regression, "regressions", "\x1b[31;1m"},
    Section{Change::known, "worse, but known", "\x1b[33m"},
    Section{Change::fix, "fixes", "\x1b[32m"},
    Section{Change::undecided, "could not be judged on one side", "\x1b[33m"},
    Section{Change::appeared, "new", ""},
    Section{Change::vanished, "vanished", ""},
};

std::string p_text(double p) {
  return p < 0.0001 ? "< 0.0001" : fmt::format("{:.2g}", p);
}

std::string stalls_text(const Cell& cell) {
  if (!cell.stalls) return "";
  return fmt::format(
      "    stalls of {} or more: {} before, {} after; one after is longer than one before with "
      "chance {:.2f} (Mann-Whitney p = {}; stalls of one run are not independent)\n",
      duration_text(std::max({1.0, cell.before.floor_ms, cell.after.floor_ms})),
      cell.before.stalls_ms.size(), cell.after.stalls_ms.size(), cell.stalls->greater,
      p_text(cell.stalls->p));
}

std::string cell_text(const Cell& cell, double alpha) {
  const std::string& kernel = cell.after.runs > 0 ? cell.after.kernel : cell.before.kernel;
  std::string text = fmt::format("  {}  {}: ", cell.case_name, kernel);
  if (cell.change == Change::appeared || cell.change == Change::vanished) {
    const Side& side = cell.change == Change::appeared ? cell.after : cell.before;
    const std::string odd =
        side.unexpected > 0 ? fmt::format(" ({} not as expected)", side.unexpected) : "";
    return text + verdicts_text(side) + odd + "\n";
  }
  text += fmt::format("{} -> {}", verdicts_text(cell.before), verdicts_text(cell.after));
  if (cell.change != Change::undecided) text += "; " + proof_text(cell, alpha);
  text += "\n";
  for (const std::string& note : cell.notes) text += "    " + note + "\n";
  return text + stalls_text(cell);
}

std::string head_text(const char* name, const SessionRecord& session) {
  const std::string id = session.id > 0 ? fmt::format("session {}, ", session.id) : "";
  return fmt::format("{}  {}{}, {}, {} runs  {}\n", name, id, session.name, session.started,
                     session.trials.size(), session.directory);
}

size_t undecided(const SessionRecord& session) {
  size_t count = 0;
  for (const Trial& trial : session.trials) count += trial.is_judged() ? 0 : 1;
  return count;
}

/// "2 fixed (1 proven)"
std::string counted(const Comparison& comparison, Change change, const char* word) {
  size_t proven = 0;
  const auto cells = comparison.of(change);
  for (const Cell* cell : cells) proven += cell->is_proven ? 1 : 0;
  const std::string proof = cells.empty() ? "" : fmt::format(" ({} proven)", proven);
  return fmt::format("{} {}{}", cells.size(), word, proof);
}

std::string sum_text(const Comparison& comparison) {
  const bool one = comparison.of(Change::regression).size() == 1;
  return fmt::format(
      "{}, {}, {} unchanged, {} new, {} vanished\n"
      "without a verdict: {} of {} runs before, {} of {} after\n"
      "proven: Fisher's exact test, corrected by Holm over the {} cell{} whose counts can tell, at "
      "{:g} %\n",
      counted(comparison, Change::regression, one ? "regression" : "regressions"),
      counted(comparison, Change::fix, "fixed"), comparison.of(Change::unchanged).size(),
      comparison.of(Change::appeared).size(), comparison.of(Change::vanished).size(),
      undecided(comparison.before), comparison.before.trials.size(), undecided(comparison.after),
      comparison.after.trials.size(), comparison.tests, comparison.tests == 1 ? "" : "s",
      100 * comparison.alpha);
}

// --- JSON

json side_to_json(const Side& side) {
  if (side.runs == 0) return nullptr;
  json verdicts = json::object();
  for (const auto& [kind, count] : side.verdicts) verdicts[name_of(kind)] = count;
  return {{"kernel", side.kernel}, {"package", side.package},        {"runs", side.runs},
          {"judged", side.judged}, {"unexpected", side.unexpected},  {"known", side.known},
          {"verdicts", verdicts},  {"stalls", side.stalls_ms.size()}};
}

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json cell_to_json(const Cell& cell) {
  json stalls;
  if (cell.stalls) stalls = {{"p", cell.stalls->p}, {"longer", cell.stalls->greater}};
  return {{"case", cell.case_name},
          {"kernel", cell.after.runs > 0 ? cell.after.kernel : cell.before.kernel},
          {"change", name_of(cell.change)},
          {"proven", cell.is_proven},
          {"before", side_to_json(cell.before)},
          {"after", side_to_json(cell.after)},
          {"p", or_null(cell.p)},
          {"p_adjusted", or_null(cell.p_adjusted)},
          {"runs_to_tell", or_null(cell.runs_to_tell)},
          {"stalls", stalls},
          {"notes", cell.notes}};
}

json session_to_json(const SessionRecord& session) {
  return {{"id", session.id > 0 ? json(session.id) : json(nullptr)},
          {"name", session.name},
          {"started", session.started},
          {"directory", session.directory},
          {"thaw", session.thaw_version},
          {"commit", session.commit},
          {"runs", session.trials.size()},
          {"undecided", undecided(session)}};
}

bool has_enough_runs(const CaseTrend& trend) {
  return trend.baseline.runs >= kLeastRuns || trend.is_same;
}

void clean(json& value) {
  if (value.is_string()) value = clean_utf8(value.get_ref<const std::string&>());
  if (value.is_structured())
    for (json& element : value) clean(element);
}

}  // namespace

std::string verdicts_text(const Side& side) {
  std::vector<std::string> words;
  for (const auto& [kind, count] : side.verdicts)
    words.push_back(fmt::format("{} {}", count, name_of(kind)));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string proof_text(const Cell& cell, double alpha) {
  if (!cell.p) return "nothing unexpected on either side";
  std::string text = "p = " + p_text(*cell.p);
  if (cell.p_adjusted && *cell.p_adjusted != *cell.p)
    text += fmt::format(", corrected {}", p_text(*cell.p_adjusted));
  if (cell.is_proven) return text + ": proven";
  text += ": chance alone could do it";
  // Above α after the correction only, the same counts again would not do: no promise then.
  if (cell.runs_to_tell && *cell.p >= alpha)
    text += fmt::format("; at these shares {} runs of each would tell", *cell.runs_to_tell);
  return text;
}

std::string format_comparison(const Comparison& comparison, bool color) {
  std::string text = head_text("before", comparison.before) + head_text("after ", comparison.after);
  for (const std::string& note : comparison.notes) text += "note    " + note + "\n";
  for (const Section& section : kSections) {
    const auto cells = comparison.of(section.change);
    if (cells.empty()) continue;
    const bool colored = color && *section.color;
    text += fmt::format("\n{}{} ({}){}\n", colored ? section.color : "", section.title,
                        cells.size(), colored ? "\x1b[0m" : "");
    for (const Cell* cell : cells) text += cell_text(*cell, comparison.alpha);
  }
  // Which of the runs before are too few to tell anything is a matter of each cell above.
  if (std::ranges::any_of(comparison.trends, has_enough_runs))
    text += "\nmeasures, " + trends_text(comparison.trends);
  return text + "\n" + sum_text(comparison);
}

std::string comparison_to_json(const Comparison& comparison) {
  json cells = json::array();
  for (const Cell& cell : comparison.cells) cells.push_back(cell_to_json(cell));
  json counts = json::object();
  for (const Change change : {Change::regression, Change::known, Change::fix, Change::unchanged,
                              Change::appeared, Change::vanished, Change::undecided})
    counts[name_of(change)] = comparison.of(change).size();
  json to{{"schema", Comparison::kSchema},
          {"before", session_to_json(comparison.before)},
          {"after", session_to_json(comparison.after)},
          {"alpha", comparison.alpha},
          {"tests", comparison.tests},
          {"counts", counts},
          {"cells", cells},
          {"regressions", regressions_to_json(comparison.trends)},
          {"baselines", trends_to_json(comparison.trends)},
          {"notes", comparison.notes}};
  clean(to);
  return to.dump(1) + "\n";
}

}  // namespace lab
