// One row for each measure that the subject or the comparison has: first those of both, each in the
// subject's order. Both are held against the same truths, so a measure is known by its kind and
// name. A measure that one cannot carry says why, where its value would be.

#include "harness/report/side_by_side.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/report/markup.h"

namespace lab {

namespace {

using thaw::Measure;

struct Row {
  const Measure* subject = nullptr;
  const Measure* comparison = nullptr;
  const Measure& any() const { return subject != nullptr ? *subject : *comparison; }
  bool has_both() const {
    return subject != nullptr && subject->is_available() && comparison != nullptr &&
           comparison->is_available();
  }
  bool has_value() const {
    return (subject != nullptr && subject->is_available()) ||
           (comparison != nullptr && comparison->is_available());
  }
};

std::vector<Row> rows_of(const RunResult& run) {
  std::vector<Row> rows;
  std::map<std::pair<thaw::MeasureKind, std::string>, size_t> places;
  for (const Measure& measure : run.verdict.measures) {
    places.emplace(std::pair(measure.kind, measure.name), rows.size());
    rows.push_back({.subject = &measure});
  }
  for (const Measure& measure : run.verdict.comparison->measures) {
    const auto place = places.find({measure.kind, measure.name});
    if (place == places.end()) {
      rows.push_back({.comparison = &measure});
      continue;
    }
    rows[place->second].comparison = &measure;
    places.erase(place);
  }
  std::erase_if(rows, [](const Row& row) { return !row.has_value(); });
  std::ranges::stable_partition(rows, [](const Row& row) { return row.has_both(); });
  return rows;
}

std::string cell(const Measure* measure, const char* otherwise) {
  if (measure == nullptr || !measure->is_available())
    return fmt::format("<td class=\"number soft\" title=\"{}\">–</td>",
                       html(measure == nullptr ? otherwise : measure->unavailable));
  const char* mark = !measure->is_judged ? "" : measure->is_good() ? " ✓" : " ✗";
  return fmt::format("<td class=\"number{}\" title=\"good from {:.6g} to {:.6g}\">{:.5g} {}{}</td>",
                     measure->is_good() ? "" : " bad", measure->low, measure->high, measure->value,
                     html(measure->unit), mark);
}

/// Where it is good; the two have intervals of their own, by how many samples they had.
std::string range(const Measure& measure) {
  return fmt::format("{:.5g} to {:.5g} {}", measure.low, measure.high, html(measure.unit));
}

}  // namespace

std::string side_by_side_html(const RunResult& run) {
  if (!run.verdict.comparison) return "";
  const ComparedRecorder& compared = *run.verdict.comparison;
  std::string text = fmt::format("<h3>{}: beside <code>{}</code></h3>\n", html(run.case_name),
                                 html(compared.command));
  if (!compared.failure.empty())
    return text + fmt::format("<p class=\"bad\">Not compared: {}.</p>\n", html(compared.failure));
  std::string lines;
  for (const Row& row : rows_of(run))
    lines += fmt::format(
        "<tr><td>{}</td><td class=\"name\">{}</td>{}{}<td class=\"number soft\">{}</td></tr>\n",
        thaw::name_of(row.any().kind), html(row.any().name),
        cell(row.subject, "only the comparison has it"),
        cell(row.comparison, "it has no such measure"),
        row.any().is_available() ? range(row.any()) : range(*row.comparison));
  return text + fmt::format(
                    "<div class=\"scroll\"><table><thead><tr><th>kind<th>measure<th "
                    "class=\"number\">subject<th class=\"number\">comparison ({})<th "
                    "class=\"number\">good</tr></thead><tbody>\n{}</tbody></table></div>\n",
                    html(compared.format), lines);
}

}  // namespace lab
