// The load does a fixed amount of work, so what it executes by itself is the same in both runs;
// what its threads execute beyond that is what the recorder did in them. Timer interrupts are in
// it: a run that takes longer has more of them.

#include "harness/report/cost.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "harness/report/markup.h"

namespace lab {

namespace {

const RunResult* run_of(const ResultSet& results, const std::string& name,
                        const std::string& kernel) {
  const auto found = std::ranges::find_if(results.runs, [&](const RunResult& run) {
    return run.case_name == name && run.kernel == kernel && run.oracle;
  });
  return found == results.runs.end() ? nullptr : &*found;
}

uint64_t events_of(const RunResult& run) {
  return run.cost.per == "sample" ? run.oracle->samples : run.oracle->switches;
}

std::optional<Cost> cost_of(const ResultSet& results, const RunResult& run) {
  if (run.cost.per.empty() || !run.oracle || events_of(run) == 0) return std::nullopt;
  const RunResult* alone = run_of(results, run.cost.baseline, run.kernel);
  if (alone == nullptr) return std::nullopt;
  const auto events = static_cast<double>(events_of(run));
  const auto more = [&](uint64_t with, uint64_t without) {
    return (static_cast<double>(with) - static_cast<double>(without)) / events;
  };
  return Cost{.kernel = run.kernel,
              .case_name = run.case_name,
              .per = run.cost.per,
              .events = events_of(run),
              .in_load = more(run.oracle->load, alone->oracle->load),
              .elsewhere = more(run.oracle->others(), alone->oracle->others()),
              .of_peer = {}};
}

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

std::vector<Cost> costs_of(const ResultSet& results) {
  std::vector<Cost> costs;
  for (const RunResult& run : results.runs) {
    auto cost = cost_of(results, run);
    if (!cost) continue;
    const RunResult* peer = run_of(results, run.cost.peer, run.kernel);
    const auto other = peer ? cost_of(results, *peer) : std::nullopt;
    if (other && other->in_load > 0) cost->of_peer = cost->in_load / other->in_load;
    costs.push_back(std::move(*cost));
  }
  std::ranges::stable_sort(costs, {},
                           [](const Cost& cost) { return std::tie(cost.kernel, cost.per); });
  return costs;
}

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
