// Three forms of one account. A check of several runs is one line: its verdicts are counted.

#include "harness/selftest/report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "harness/report/style.h"
#include "harness/results/text.h"

namespace lab {

namespace {

using nlohmann::json;

std::string right_words(const Check& check) {
  std::vector<std::string> names;
  for (const VerdictKind kind : check.right) names.emplace_back(name_of(kind));
  return fmt::format("{}", fmt::join(names, "|"));
}

/// "freeze", or of several runs "pass 41, infra 9".
std::string verdict_words(const GradedCheck& graded) {
  if (graded.runs.empty()) return "–";
  std::map<std::string, int> counts;
  for (const GradedRun& run : graded.runs) counts[name_of(run.verdict)]++;
  if (graded.runs.size() == 1) return counts.begin()->first;
  std::vector<std::string> words;
  for (const auto& [name, count] : counts) words.push_back(fmt::format("{} {}", name, count));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string seen_words(const GradedCheck& graded) {
  int injected = 0;
  int seen = 0;
  for (const GradedRun& run : graded.runs) {
    injected += run.injected;
    seen += run.seen;
  }
  return injected == 0 ? "" : fmt::format("{} of {}", seen, injected);
}

std::string remark(const GradedCheck& graded) {
  if (const std::string words = graded.complaint(); !words.empty()) return words;
  const auto wrong =
      std::ranges::find_if(graded.runs, [](const GradedRun& run) { return !run.wrong.empty(); });
  if (wrong != graded.runs.end()) return fmt::format("{}; it is: {}", wrong->wrong, wrong->reason);
  return graded.runs.empty() ? "" : graded.runs.front().reason;
}

std::string mark(const GradedCheck& graded) {
  if (graded.is_right()) return "right";
  return graded.skipped.empty() ? "WRONG" : "skipped";
}

std::string sum_words(const std::vector<GradedCheck>& checks) {
  const auto right = std::ranges::count_if(checks, &GradedCheck::is_right);
  const auto skipped =
      std::ranges::count_if(checks, [](const GradedCheck& c) { return !c.skipped.empty(); });
  std::string words = fmt::format("{} of {} checks right", right, checks.size());
  if (skipped > 0) words += fmt::format(", {} could not be made", skipped);
  return words;
}

std::string html(std::string_view text) {
  std::string safe;
  for (const char c : clean_utf8(text)) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '&')
      safe += "&amp;";
    else
      safe += c;
  }
  return safe;
}

constexpr double kWide = 560;
constexpr double kHigh = 200;

/// Share detected against length; lengths at equal distances, as they double.
std::string draw_curve(const std::vector<Detection>& curve) {
  std::string line;
  std::string marks;
  const double step = (kWide - 80) / std::max<double>(1, static_cast<double>(curve.size()) - 1);
  for (size_t i = 0; i < curve.size(); i++) {
    const Detection& point = curve[i];
    const double x = 50 + step * static_cast<double>(i);
    const double y = 20 + (kHigh - 60) * (1 - point.share());
    line += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", x, y);
    marks += fmt::format(
        "<circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"4\" class=\"{5}\"><title>{2} ms: {3} of {4} "
        "seen</title></circle><text x=\"{0:.1f}\" y=\"{6}\" text-anchor=\"middle\">{2} ms</text>",
        x, y, point.freeze_ms, point.seen, point.injected,
        point.judged_freeze == point.runs ? "full" : "hollow", kHigh - 22);
  }
  std::string grid;
  for (const double share : {0.0, 0.5, 1.0}) {
    const double y = 20 + (kHigh - 60) * (1 - share);
    grid += fmt::format(
        "<line x1=\"50\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"grid\"/><text x=\"42\" "
        "y=\"{:.1f}\" text-anchor=\"end\">{:.0f} %</text>",
        kWide - 30, y, y, y + 3, 100 * share);
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" style=\"max-width:{}px\" role=\"img\" aria-label=\"share of "
      "freezes detected by length\">{}<polyline points=\"{}\" class=\"tick\"/>{}</svg>\n",
      kWide, kHigh, kWide, grid, line, marks);
}

std::string page_row(const GradedCheck& graded) {
  const bool right = graded.is_right();
  return fmt::format(
      "<tr><td>{}</td><td class=\"why\">{}</td><td>{}</td><td><span class=\"badge {}\">{}</span>"
      "</td><td class=\"{}\">{}</td><td class=\"number\">{}</td><td class=\"why\">{}</td></tr>\n",
      html(graded.check.name), html(graded.check.injected), right_words(graded.check),
      right ? "good" : "bad", html(verdict_words(graded)), right ? "good" : "bad",
      right ? "✓ right" : "✗ " + mark(graded), seen_words(graded), html(remark(graded)));
}

json run_json(const GradedRun& run) {
  return {{"id", run.id},
          {"kernel", run.kernel},
          {"seed", run.seed},
          {"verdict", name_of(run.verdict)},
          {"reason", clean_utf8(run.reason)},
          {"right", run.wrong.empty()},
          {"wrong", clean_utf8(run.wrong)},
          {"injected", run.injected},
          {"seen", run.seen},
          {"wall_s", run.wall_s},
          {"repeat", run.repeat}};
}

}  // namespace

std::string selftest_text(const std::vector<GradedCheck>& checks) {
  std::string text = fmt::format("{:<22} {:<14} {:<20} {:<8} {:<9} {}\n", "check", "right verdict",
                                 "verdict", "", "seen", "why");
  for (const GradedCheck& graded : checks)
    text += fmt::format("{:<22} {:<14} {:<20} {:<8} {:<9} {}\n", graded.check.name,
                        right_words(graded.check), verdict_words(graded), mark(graded),
                        seen_words(graded), remark(graded));
  if (const auto curve = detection_curve(checks); !curve.empty()) {
    text += "\nfreezes seen, by length:\n";
    for (const Detection& point : curve)
      text += fmt::format("{:>6} ms  {:>3.0f} %  {:<20}  {} of {}, verdict freeze in {} of {}\n",
                          point.freeze_ms, 100 * point.share(),
                          std::string(static_cast<size_t>(20 * point.share()), '#'), point.seen,
                          point.injected, point.judged_freeze, point.runs);
  }
  text += "\n" + sum_words(checks) + "\n";
  for (const GradedCheck& graded : checks)
    for (const GradedRun& run : graded.runs)
      if (!run.wrong.empty() || !graded.complaint().empty())
        text += fmt::format("repeat: {}\n", run.repeat);
  return text;
}

std::string selftest_json(const std::vector<GradedCheck>& checks) {
  json root{{"schema", 1}, {"right", selftest_exit_code(checks) == 0}};
  for (const GradedCheck& graded : checks) {
    json one{{"name", graded.check.name},
             {"injected", graded.check.injected},
             {"right_verdicts", json::array()},
             {"why", graded.check.why},
             {"right", graded.is_right()},
             {"complaint", graded.complaint()},
             {"runs", json::array()}};
    for (const VerdictKind kind : graded.check.right)
      one["right_verdicts"].push_back(name_of(kind));
    for (const GradedRun& run : graded.runs) one["runs"].push_back(run_json(run));
    root["checks"].push_back(std::move(one));
  }
  root["detection"] = json::array();
  for (const Detection& point : detection_curve(checks))
    root["detection"].push_back({{"freeze_ms", point.freeze_ms},
                                 {"injected", point.injected},
                                 {"seen", point.seen},
                                 {"share", point.share()},
                                 {"runs", point.runs},
                                 {"judged_freeze", point.judged_freeze}});
  return root.dump(2) + "\n";
}

std::string selftest_page(const std::vector<GradedCheck>& checks) {
  std::string text = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>thawlab selftest</title><style>{}</style></head>"
      "<body>\n<header><h1>thawlab selftest</h1><span class=\"sum\">{}</span></header>\n<p "
      "class=\"soft\">What was made to go wrong on purpose, and whether the lab said so. <a "
      "href=\"report.html\">All runs</a></p>\n",
      kPageStyle, html(sum_words(checks)));
  if (const auto curve = detection_curve(checks); curve.size() > 1)
    text += "<h2>Freezes seen, by length</h2>\n<div class=\"card\">" + draw_curve(curve) +
            "</div><p class=\"soft\">Seen: a stall of the meter's lies over the injected one, and "
            "at least half of its length is not the host's doing. Dark points: every run of that "
            "length was judged a freeze.</p>\n";
  text +=
      "<div class=\"scroll\"><table><thead><tr><th>check<th>injected<th>right "
      "verdict<th>verdict<th><th class=\"number\">seen<th>why</tr></thead><tbody>\n";
  for (const GradedCheck& graded : checks) text += page_row(graded);
  return text + "</tbody></table></div>\n</body></html>\n";
}

std::string list_checks(const std::vector<Check>& checks) {
  std::string text;
  for (const Check& check : checks)
    text += fmt::format("{:<22} {}{}\n{:<22} → {}: {}\n", check.name, check.injected,
                        check.runs > 1 ? fmt::format(" ({} runs)", check.runs) : "", "",
                        right_words(check), check.why);
  return text;
}

int selftest_exit_code(const std::vector<GradedCheck>& checks) {
  int code = 0;
  for (const GradedCheck& graded : checks) {
    if (graded.is_right()) continue;
    if (graded.skipped.empty()) return 1;
    code = 69;
  }
  return code;
}

}  // namespace lab
