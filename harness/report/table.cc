// The final table of `thawlab run`, and of `thawlab show` later. Columns are as wide as their
// widest cell; a column that is the same everywhere and says nothing (one case) is left out.

#include "harness/report/table.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "harness/report/cost.h"
#include "harness/report/maps.h"
#include "harness/report/numbers.h"
#include "harness/report/trends.h"

namespace lab {

namespace {

constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kRed = "\x1b[31;1m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kPlain = "\x1b[0m";

struct Cell {
  std::string text;
  bool right = false;
  const char* color = nullptr;
};
using Row = std::vector<Cell>;

const char* color_of(const RunResult& run) {
  if (run.as_expected()) return kGreen;
  if (run.known) return kYellow;
  const bool proves_nothing =
      run.verdict.kind == VerdictKind::infra || run.verdict.kind == VerdictKind::incapable;
  return proves_nothing ? kYellow : kRed;
}

std::string expected_text(const RunResult& run) {
  if (run.as_expected()) return "yes";
  if (run.known) return "known " + run.known->id;
  return fmt::format("no, {}", name_of(run.expected));
}

std::string version_of(const std::string& package) {
  const size_t space = package.find(' ');
  return space == std::string::npos ? package : package.substr(space + 1);
}

Row row_of(const RunResult& run, bool with_case) {
  const auto rate = switches_per_s(run);
  Row row;
  if (with_case) row.push_back({run.case_name});
  row.push_back({run.kernel_name()});
  row.push_back({version_of(run.package)});
  row.push_back({name_of(run.verdict.kind), false, color_of(run)});
  row.push_back({expected_text(run), false, color_of(run)});
  row.push_back({duration_text(longest_own_ms(run)), true});
  row.push_back({std::to_string(own_stalls(run)), true});
  row.push_back({std::to_string(nmis_total(run)), true});
  row.push_back({rate ? fmt::format("{:.0f}", *rate) : "-", true});
  row.push_back({fmt::format("{:.0f} s", run.wall_s), true});
  return row;
}

// Kernel releases and verdicts are ASCII, so bytes are columns.
std::string format_rows(const std::vector<Row>& rows, bool color) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].text.size());
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].text.size(), ' ');
      const bool colored = color && row[i].color;
      std::string cell = colored ? row[i].color + row[i].text + kPlain : row[i].text;
      line += (i > 0 ? "  " : "") + (row[i].right ? padding + cell : cell + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string sum_line(const ResultSet& results) {
  size_t good = 0;
  size_t nothing = 0;
  size_t known = 0;
  for (const RunResult& run : results.runs) {
    if (run.as_expected())
      ++good;
    else if (run.known)
      ++known;
    else if (run.verdict.kind == VerdictKind::infra || run.verdict.kind == VerdictKind::incapable)
      ++nothing;
  }
  std::string line = fmt::format("{} of {} as expected", good, results.runs.size());
  if (known > 0) line += fmt::format(", {} known", known);
  if (nothing > 0) line += fmt::format(", {} could not be judged", nothing);
  if (!results.finished)
    line += fmt::format(", interrupted: {} of {} runs done", results.runs.size(), results.planned);
  return line + "\n";
}

}  // namespace

std::string format_table(const ResultSet& results, bool color) {
  if (results.runs.empty()) return "no run was finished\n";
  std::set<std::string> cases;
  for (const RunResult& run : results.runs) cases.insert(run.case_name);
  const bool with_case = cases.size() > 1;

  std::vector<Row> rows(1);
  if (with_case) rows[0].push_back({"case"});
  for (const char* left : {"kernel", "package", "verdict", "expected"}) rows[0].push_back({left});
  const std::string stalls = fmt::format("stalls>={}ms", kShownStallMs);
  for (const std::string& right : {std::string("longest"), stalls, std::string("NMIs"),
                                   std::string("switches/s"), std::string("wall")})
    rows[0].push_back({right, true});
  for (const RunResult& run : results.runs) rows.push_back(row_of(run, with_case));

  std::string text = format_rows(rows, color) + "\n" + sum_line(results);
  if (const std::string costs = costs_text(results); !costs.empty()) text += "\n" + costs;
  if (const std::string trends = trends_text(results.trends); !trends.empty())
    text += "\n" + trends;
  const std::vector<std::string> shared = describe_shared_maps(results);
  if (!shared.empty())
    text += fmt::format("\nmaps that an NMI could meet:\n  {}\n", fmt::join(shared, "\n  "));
  for (const RunResult& run : results.runs)
    if (run.known && !run.as_expected())
      text += fmt::format("\n{}: {}, known until {}: {}{}{}\n", run.id, name_of(run.verdict.kind),
                          run.known->expires, run.known->reason,
                          run.known->link.empty() ? "" : "; ", run.known->link);
    else if (!run.as_expected())
      text += fmt::format("\n{}: {}, not {}: {}\n  repeat: {}\n", run.id, name_of(run.verdict.kind),
                          name_of(run.expected), run.verdict.reason, run.repeat);
  return text;
}

}  // namespace lab
