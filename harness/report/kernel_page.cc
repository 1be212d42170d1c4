// The nightly question about a kernel is not one verdict but three: is what the profiler says true
// there, what does it lose, what does it cost. Each run's measures stand in a table of kinds; those
// of shares are drawn as well, since a picture of forty intervals is read at once.

#include "harness/report/kernel_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/report/cost.h"
#include "harness/report/markup.h"
#include "harness/report/side_by_side.h"
#include "harness/report/trends.h"

namespace lab {

namespace {

using thaw::Measure;
using thaw::MeasureKind;

constexpr size_t kMostShares = 24;  // of a run, largest first: below, bars are dots
constexpr double kBarWidth = 324;
constexpr size_t kMostName = 64;  // letters of a function's name: C++ has longer ones

std::vector<const RunResult*> runs_of(const ResultSet& results, const std::string& kernel) {
  std::vector<const RunResult*> runs;
  for (const RunResult& run : results.runs)
    if (run.kernel == kernel) runs.push_back(&run);
  return runs;
}

bool has_more_to_say(const RunResult& run) {
  return !run.verdict.measures.empty() || !run.cost.per.empty() || !run.losses.empty() ||
         run.verdict.comparison;
}

std::string sentence(const Measure& measure) {
  if (!measure.is_available()) return fmt::format("{}: {}", measure.name, measure.unavailable);
  const std::string value = fmt::format("{}: {:.6g} {}", measure.name, measure.value, measure.unit);
  if (!measure.is_judged) return value + ", not judged";
  return fmt::format("{}, good from {:.6g} to {:.6g}", value, measure.low, measure.high);
}

/// All measures of a kind in one run as a cell.
std::string cell(const RunResult& run, MeasureKind kind) {
  std::string said;
  int good = 0;
  int wrong = 0;
  for (const Measure& measure : run.verdict.measures) {
    if (measure.kind != kind) continue;
    if (measure.is_available() && measure.is_judged) (measure.is_good() ? good : wrong)++;
    if (said.size() < 600) said += sentence(measure) + "\n";
  }
  const char* tone = wrong > 0 ? "bad" : good > 0 ? "good" : "none";
  const std::string words = wrong > 0  ? fmt::format("✗ {} of {}", wrong, good + wrong)
                            : good > 0 ? fmt::format("✓ {}", good)
                                       : "–";
  return fmt::format("<td class=\"{}\" title=\"{}\">{}</td>", tone, html(said), words);
}

std::string truth_part(const std::vector<const RunResult*>& runs) {
  std::string rows;
  std::string wrong;
  for (const RunResult* run : runs) {
    if (run->verdict.measures.empty()) continue;
    rows += "<tr><td>" + html(run->case_name) + "</td>";
    for (int kind = 0; kind < thaw::kMeasureKinds; kind++)
      rows += cell(*run, static_cast<MeasureKind>(kind));
    rows += "</tr>\n";
    for (const Measure& measure : run->verdict.measures)
      if (!measure.is_good())
        wrong += fmt::format("<li>{}: {}. This means: {}.</li>\n", html(run->case_name),
                             html(sentence(measure)), html(measure.means));
  }
  if (rows.empty()) return "";
  std::string head =
      "<h2>What is true</h2>\n<p>Number of measures that are inside their intervals; ✗: outside; "
      "–: "
      "nothing to measure there, and the cell says why.</p>\n<div class=\"scroll\"><table "
      "class=\"matrix\"><thead><tr><th>case";
  for (int kind = 0; kind < thaw::kMeasureKinds; kind++)
    head += fmt::format("<th>{}", thaw::name_of(static_cast<MeasureKind>(kind)));
  return head + "</tr></thead><tbody>\n" + rows + "</tbody></table></div>\n" +
         (wrong.empty() ? "" : "<ul>\n" + wrong + "</ul>\n");
}

/// The interval as a bar, the value as a line over it, both up to `most` percent.
std::string share_bar(const Measure& measure, double most) {
  const auto at = [&](double value) { return kBarWidth * std::clamp(value / most, 0.0, 1.0); };
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 {0:.0f} 14\" role=\"img\"><rect class=\"track\" y=\"6\" "
      "width=\"{0:.0f}\" height=\"2\"/><rect class=\"range\" x=\"{1:.1f}\" y=\"3\" "
      "width=\"{2:.1f}\" "
      "height=\"8\"/><rect class=\"point\" x=\"{3:.1f}\" width=\"2\" height=\"14\"/></svg>",
      kBarWidth, at(measure.low), std::max(1.0, at(measure.high) - at(measure.low)),
      std::max(0.0, at(measure.value) - 1));
}

std::string short_name(const std::string& name) {
  return name.size() <= kMostName ? name : name.substr(0, kMostName - 3) + "…";
}

std::string shares_of(const RunResult& run) {
  std::vector<const Measure*> shares;
  for (const Measure& measure : run.verdict.measures)
    if (measure.kind == MeasureKind::shares && measure.is_available() && measure.unit == "%" &&
        measure.is_of_truth)
      shares.push_back(&measure);
  if (shares.empty()) return "";
  std::ranges::stable_sort(shares, std::ranges::greater{}, &Measure::value);
  if (shares.size() > kMostShares) shares.resize(kMostShares);
  double most = 0;
  for (const Measure* share : shares) most = std::max({most, share->high, share->value});
  std::string rows;
  for (const Measure* share : shares)
    rows += fmt::format(
        "<tr><td class=\"bar\">{}</td><td class=\"number {}\">{:.2f} %</td><td class=\"number "
        "soft\">{:.2f} to {:.2f} %</td><td title=\"{}\">{}</td></tr>\n",
        share_bar(*share, most), share->is_good() ? "" : "bad", share->value, share->low,
        share->high, html(share->name), html(short_name(share->name)));
  return fmt::format(
      "<h3>{}</h3>\n<div class=\"scroll\"><table "
      "class=\"bars\"><tbody>\n{}</tbody></table></div>\n",
      html(run.case_name), rows);
}

std::string shares_part(const std::vector<const RunResult*>& runs) {
  std::string text;
  for (const RunResult* run : runs) text += shares_of(*run);
  if (text.empty()) return "";
  return "<h2>Shares of samples, and where they should be</h2>\n<div class=\"keys\"><span><i "
         "class=\"key range\"></i>where a true profile's share lies</span><span><i class=\"key "
         "point\"></i>what was recorded</span></div>\n" +
         text;
}

std::string comparison_part(const std::vector<const RunResult*>& runs) {
  std::string text;
  for (const RunResult* run : runs) text += side_by_side_html(*run);
  return text.empty() ? ""
                      : "<h2>Beside another recorder</h2>\n<p>The same load at the same time, held "
                        "against the same truths; ✗: outside of its interval; –: nothing to "
                        "measure there, and the cell says why.</p>\n" +
                            text;
}

std::string loss_part(const std::vector<const RunResult*>& runs) {
  std::string rows;
  for (const RunResult* run : runs)
    for (const auto& [name, count] : run->losses)
      if (count > 0)
        rows += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td></tr>\n",
                            html(run->case_name), html(name), count);
  const bool has_captures =
      std::ranges::any_of(runs, [](const RunResult* run) { return !run->capture.empty(); });
  if (!has_captures) return "";
  if (rows.empty()) return "<h2>What is lost</h2>\n<p>Nothing.</p>\n";
  return "<h2>What is lost</h2>\n<div class=\"scroll\"><table><thead><tr><th>case<th>by name<th "
         "class=\"number\">how often</tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

std::string picture_part(const std::vector<const RunResult*>& runs,
                         const std::map<std::string, std::string>& pictures) {
  std::string text;
  for (const RunResult* run : runs)
    if (const auto picture = pictures.find(run->id); picture != pictures.end())
      text += fmt::format("<h3>{}: {}</h3>\n<div class=\"scroll\">{}</div>\n", html(run->case_name),
                          html(run->verdict.reason), picture->second);
  return text.empty() ? "" : "<h2>Threads around the longest stalls</h2>\n" + text;
}

ResultSet only(const ResultSet& results, const std::string& kernel) {
  ResultSet part;
  for (const RunResult& run : results.runs)
    if (run.kernel == kernel) part.runs.push_back(run);
  return part;
}

}  // namespace

std::vector<std::string> kernels_with_pages(const ResultSet& results) {
  std::vector<std::string> kernels;
  for (const RunResult& run : results.runs)
    if (!run.kernel.empty() && has_more_to_say(run) &&
        std::ranges::find(kernels, run.kernel) == kernels.end())
      kernels.push_back(run.kernel);
  return kernels;
}

std::string kernel_page_name(const std::string& kernel) {
  std::string name = "kernel-";
  for (const char letter : kernel)
    name += std::isalnum(static_cast<unsigned char>(letter)) || letter == '.' || letter == '-'
                ? letter
                : '_';
  return name + ".html";
}

std::string kernel_page(const ResultSet& results, const std::string& kernel,
                        const std::map<std::string, std::string>& pictures) {
  const auto runs = runs_of(results, kernel);
  const auto good =
      std::ranges::count_if(runs, [](const RunResult* run) { return run->as_expected(); });
  std::string text = page_head(kernel);
  text += fmt::format(
      "<header><h1>{}</h1><span class=\"soft\">{}</span><span class=\"sum {}\">{} of {} as "
      "expected</span></header>\n<p><a href=\"report.html\">All kernels</a></p>\n",
      html(kernel), html(results.started), good == std::ssize(runs) ? "good" : "bad", good,
      runs.size());
  text += truth_part(runs) + trends_html(results.trends, kernel) + shares_part(runs) +
          comparison_part(runs) + loss_part(runs) + costs_html(only(results, kernel)) +
          picture_part(runs, pictures);
  return text + "</body></html>\n";
}

}  // namespace lab
