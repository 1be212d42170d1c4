// Changes are told in the sentences that results/baseline.cc made of them; what did not change is
// counted. A strip shows what a sentence cannot: whether the earlier runs drifted, and how the
// margin compares with their scatter.

#include "harness/report/trends.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/report/markup.h"

namespace lab {

namespace {

constexpr double kStripWidth = 324;  // pixels, as bars of shares have
constexpr size_t kDayLetters = 10;   // of an ISO 8601 time

std::string day(const std::string& time) {
  return time.substr(0, kDayLetters);
}

std::string plural(size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string left_out(const Baseline& head) {
  std::vector<std::string> words;
  const auto add = [&](size_t count, const char* word) {
    if (count > 0) words.push_back(fmt::format("{} {}", count, word));
  };
  add(head.copies, "that repeat one of them to the last bit");
  add(head.outdated, "outdated");
  add(head.unexpected, "not as expected");
  add(head.worse, "called worse");
  add(head.elsewhere, "of another kernel, accelerator or host");
  add(head.changed, "of other settings");
  return words.empty() ? "" : fmt::format("; left out: {}", fmt::join(words, ", "));
}

struct Counts {
  size_t worse = 0;
  size_t known = 0;
  size_t better = 0;
  size_t equivalent = 0;
  size_t undecided = 0;
};
Counts counts_of(const std::vector<CaseTrend>& trends) {
  Counts counts;
  for (const CaseTrend& trend : trends) {
    counts.worse += trend.count(Trend::worse);
    counts.better += trend.count(Trend::better);
    counts.equivalent += trend.count(Trend::equivalent);
    counts.undecided += trend.count(Trend::undecided);
    for (const MeasureTrend& one : trend.measures) counts.known += one.known.empty() ? 0 : 1;
  }
  return counts;
}

std::string change_text(const CaseTrend& trend, const MeasureTrend& one) {
  const std::string known = one.known.empty() ? "" : fmt::format(" (known issue {})", one.known);
  return fmt::format("  {}{}: {} on {}: {}\n", name_of(one.stand.trend), known,
                     trend.baseline.case_name, trend.baseline.kernel, one.sentence);
}

/// Of the runs and the margin, what has to be in the picture.
struct Scale {
  double low = 0;
  double high = 0;
  double at(double value) const {
    return high > low ? kStripWidth * std::clamp((value - low) / (high - low), 0.0, 1.0) : 0;
  }
};
Scale scale_of(const MeasureTrend& one) {
  Scale scale{.low = std::min(0.0, one.stand.mean - one.margin),
              .high = one.stand.mean + one.margin};
  for (const auto* values : {&one.before, &one.now})
    for (const double value : *values) {
      scale.low = std::min(scale.low, value);
      scale.high = std::max(scale.high, value);
    }
  return scale;
}

std::string strip(const MeasureTrend& one) {
  const Scale scale = scale_of(one);
  const double left = scale.at(one.stand.mean - one.margin);
  std::string marks;
  for (const double value : one.before)
    marks +=
        fmt::format("<circle class=\"past\" cx=\"{:.1f}\" cy=\"7\" r=\"2.5\"/>", scale.at(value));
  for (const double value : one.now)
    marks += fmt::format("<rect class=\"point\" x=\"{:.1f}\" width=\"2\" height=\"14\"/>",
                         std::max(0.0, scale.at(value) - 1));
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 {0:.0f} 14\" role=\"img\"><rect class=\"track\" y=\"6\" "
      "width=\"{0:.0f}\" height=\"2\"/><rect class=\"range\" x=\"{1:.1f}\" y=\"3\" "
      "width=\"{2:.1f}\" height=\"8\"/>{3}</svg>",
      kStripWidth, left, std::max(1.0, scale.at(one.stand.mean + one.margin) - left), marks);
}

/// A row of equal numbers is said in a word.
bool is_worth_a_strip(const MeasureTrend& one) {
  if (one.before.size() < kLeastRuns) return false;
  return one.stand.trend != Trend::equivalent || one.stand.most > one.stand.least;
}

std::string row_html(const MeasureTrend& one) {
  const char* tone = one.stand.trend == Trend::worse    ? "bad"
                     : one.stand.trend == Trend::better ? "good"
                                                        : "soft";
  return fmt::format(
      "<tr><td class=\"bar\">{}</td><td class=\"{}\">{}</td><td title=\"{}\">{}: {}</td></tr>\n",
      strip(one), tone, name_of(one.stand.trend), html(one.sentence), html(one.kind),
      html(one.name));
}

std::string case_html(const CaseTrend& trend) {
  std::string rows;
  std::string sentences;
  for (const MeasureTrend& one : trend.measures) {
    if (is_worth_a_strip(one)) rows += row_html(one);
    if (one.stand.trend == Trend::worse)
      sentences += fmt::format("<li>{}</li>\n", html(one.sentence));
  }
  for (const std::string& name : trend.gone)
    sentences += fmt::format("<li>not measured any more: {}</li>\n", html(name));
  std::string text =
      fmt::format("<h3>{}</h3>\n<p>{}. {} worse, {} better, {} equivalent, {} undecided.</p>\n",
                  html(trend.baseline.case_name), html(baseline_words(trend.baseline)),
                  trend.count(Trend::worse), trend.count(Trend::better),
                  trend.count(Trend::equivalent), trend.count(Trend::undecided));
  if (!sentences.empty()) text += "<ul>\n" + sentences + "</ul>\n";
  if (!rows.empty())
    text +=
        "<div class=\"scroll\"><table class=\"bars\"><tbody>\n" + rows + "</tbody></table></div>\n";
  return text;
}

std::string baseline_row(const MeasureTrend& one) {
  const Stand& stand = one.stand;
  const auto known = [](bool is_known, double value) {
    return is_known ? fmt::format("{:.4g}", value) : "-";
  };
  const bool has_runs = !one.before.empty();
  // What one more run would have to be: its lower limit is then the margin.
  const double worse_at = stand.now + one.margin - stand.at_least;
  return fmt::format("{:>9} {:>9} {:>9} {:>9.3g} {:>9}  {:<12} {}: {}\n",
                     known(has_runs, stand.mean), known(has_runs, stand.least),
                     known(has_runs, stand.most), one.margin,
                     known(one.before.size() >= kLeastRuns, worse_at),
                     one.unit.empty() ? "count" : one.unit, one.kind, one.name);
}

}  // namespace

std::string baseline_words(const Baseline& head) {
  if (head.runs == 0) return fmt::format("no earlier run to hold it against{}", left_out(head));
  const std::string few =
      head.runs < kLeastRuns ? fmt::format(" of the {} that are needed", kLeastRuns) : "";
  const std::string days = day(head.since) == day(head.until)
                               ? day(head.since)
                               : day(head.since) + " to " + day(head.until);
  return fmt::format("{}{} in {} on {} ({}), {}{}", plural(head.runs, "run"), few,
                     plural(head.sessions, "session"), head.scope, head.accelerator, days,
                     left_out(head));
}

std::string trends_text(const std::vector<CaseTrend>& trends) {
  if (trends.empty()) return "";
  std::string text = "against earlier sessions:\n";
  size_t without = 0;
  for (const CaseTrend& trend : trends) {
    if (trend.baseline.runs < kLeastRuns && !trend.is_same) without++;
    for (const MeasureTrend& one : trend.measures)
      if (one.stand.trend == Trend::worse || one.stand.trend == Trend::better)
        text += change_text(trend, one);
    for (const std::string& name : trend.gone)
      text += fmt::format("  not measured any more: {} on {}: {}\n", trend.baseline.case_name,
                          trend.baseline.kernel, name);
  }
  const Counts counts = counts_of(trends);
  text +=
      fmt::format("  {} measures: {} worse{}, {} better, {} equivalent, {} undecided",
                  counts.worse + counts.better + counts.equivalent + counts.undecided, counts.worse,
                  counts.known > 0 ? fmt::format(" ({} known)", counts.known) : "", counts.better,
                  counts.equivalent, counts.undecided);
  if (without > 0)
    text += fmt::format("; {} of {} cases and kernels have fewer than {} earlier runs", without,
                        trends.size(), kLeastRuns);
  return text + "\n";
}

std::string baseline_text(const CaseTrend& trend) {
  std::string text = fmt::format("{} on {}: {}\n", trend.baseline.case_name, trend.baseline.kernel,
                                 baseline_words(trend.baseline));
  if (trend.measures.empty()) return text;
  text += fmt::format("{:>9} {:>9} {:>9} {:>9} {:>9}  {:<12} {}\n", "mean", "least", "most",
                      "margin", "worse at", "unit", "measure");
  for (const MeasureTrend& one : trend.measures) text += baseline_row(one);
  return text;
}

std::string trends_html(const std::vector<CaseTrend>& trends, const std::string& kernel) {
  std::string text;
  for (const CaseTrend& trend : trends)
    if (trend.baseline.kernel == kernel) text += case_html(trend);
  if (text.empty()) return "";
  return "<h2>Against earlier sessions</h2>\n<div class=\"keys\"><span><i class=\"key range\"></i>"
         "where a change is no matter</span><span><i class=\"key past\"></i>earlier runs</span>"
         "<span><i class=\"key point\"></i>now; 0, on the left, is best</span></div>\n" +
         text;
}

}  // namespace lab
