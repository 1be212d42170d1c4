// Costs as a table, twice: aligned for a terminal, and as HTML. Where the numbers come from is told
// in results/cost.cc.

#include "harness/report/cost.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/report/markup.h"

namespace lab {

namespace {

std::vector<std::string> cells_of(const Cost& cost) {
  return {cost.kernel,
          cost.case_name,
          cost.per,
          std::to_string(cost.events),
          fmt::format("{:.0f}", cost.in_load),
          fmt::format("{:.0f}", cost.elsewhere),
          cost.of_peer ? fmt::format("{:.2f}", *cost.of_peer) : "-"};
}

constexpr const char* kHeads[] = {"kernel",      "case",      "per",        "events",
                                  "in the load", "elsewhere", "of its peer"};
constexpr size_t kFirstNumber = 3;

}  // namespace

std::string costs_text(const ResultSet& results) {
  const std::vector<Cost> costs = costs_of(results);
  if (costs.empty()) return "";
  std::vector<std::vector<std::string>> rows{{std::begin(kHeads), std::end(kHeads)}};
  for (const Cost& cost : costs) rows.push_back(cells_of(cost));
  std::string text = "what recording adds, in instructions per event:\n";
  for (const auto& row : rows) {
    text += " ";
    for (size_t i = 0; i < row.size(); i++) {
      size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[i].size());
      text += i < kFirstNumber ? fmt::format(" {:<{}}", row[i], width)
                               : fmt::format("  {:>{}}", row[i], width);
    }
    text += "\n";
  }
  return text;
}

std::string costs_html(const ResultSet& results) {
  const std::vector<Cost> costs = costs_of(results);
  if (costs.empty()) return "";
  std::string text =
      "<h2>What recording adds</h2>\n<p>Instructions per event, counted from outside the guest: "
      "the "
      "run's less those of the same load alone. In the load: what its own threads executed more. "
      "Elsewhere: the recorder's threads.</p>\n<div class=\"scroll\"><table><thead><tr>";
  for (size_t i = 0; i < std::size(kHeads); i++)
    text += fmt::format("<th{}>{}", i < kFirstNumber ? "" : " class=\"number\"", kHeads[i]);
  text += "</tr></thead><tbody>\n";
  for (const Cost& cost : costs) {
    text += "<tr>";
    const auto cells = cells_of(cost);
    for (size_t i = 0; i < cells.size(); i++)
      text +=
          fmt::format("<td{}>{}</td>", i < kFirstNumber ? "" : " class=\"number\"", html(cells[i]));
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace lab
