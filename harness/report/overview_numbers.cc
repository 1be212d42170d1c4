// How probable each verdict other than pass is, with what the number of runs allows to say; and how
// long stalls are. Over all sessions of the page: a night alone has too few runs for either.

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "harness/report/markup.h"
#include "harness/report/numbers.h"
#include "harness/report/overview.h"
#include "harness/verdict/statistics.h"

namespace lab {

namespace {

constexpr double kConfidence = 0.95;

struct Counts {
  uint64_t shown = 0;  ///< judged and not pass
  uint64_t judged = 0;
};

Counts counts_of(const Overview& overview, const std::string& test, const std::string& kernel) {
  Counts counts;
  for (const SessionRecord& session : overview.sessions)
    for (const Trial* trial : trials_of(session, test, kernel)) {
      if (!trial->is_judged()) continue;
      ++counts.judged;
      counts.shown += trial->verdict == VerdictKind::pass ? 0 : 1;
    }
  return counts;
}

std::string percent(double share) {
  return share > 0 && share < 0.0995 ? fmt::format("{:.1f} %", 100 * share)
                                     : fmt::format("{:.0f} %", 100 * share);
}

std::string range_text(const Counts& counts, const Probability& p) {
  if (counts.shown == 0) return fmt::format("at most {}", percent(p.high));
  if (counts.shown == counts.judged) return fmt::format("at least {}", percent(p.low));
  return fmt::format("{} ({} to {})", percent(p.estimate), percent(p.low), percent(p.high));
}

std::string bar(const Probability& p) {
  constexpr double kWidth = 320;
  const double low = kWidth * p.low;
  const double high = kWidth * p.high;
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 324 16\" role=\"img\" "
      "xmlns=\"http://www.w3.org/2000/svg\"><title>{2} to {3}</title><rect class=\"track\" x=\"2\" "
      "y=\"5\" width=\"320\" height=\"6\" rx=\"3\"/><rect class=\"range\" x=\"{0:.1f}\" y=\"3\" "
      "width=\"{1:.1f}\" height=\"10\" rx=\"2\"/><rect class=\"point\" x=\"{4:.1f}\" y=\"1\" "
      "width=\"3\" height=\"14\"/></svg>",
      2 + low, std::max(1.0, high - low), percent(p.low), percent(p.high),
      0.5 + kWidth * p.estimate);
}

std::string probability_rows(const Overview& overview, const std::string& test) {
  std::string rows;
  for (const std::string& kernel : overview.kernels) {
    const Counts counts = counts_of(overview, test, kernel);
    if (counts.judged == 0) continue;
    const Probability p = binomial_interval(counts.shown, counts.judged, kConfidence);
    rows += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{} of {}</td><td class=\"bar\">{}</td><td>{}</td>"
        "</tr>\n",
        html(kernel), counts.shown, counts.judged, bar(p), range_text(counts, p));
  }
  if (rows.empty()) return "";
  return fmt::format("<tr><th colspan=\"4\" class=\"group\">{}</th></tr>\n{}", html(test), rows);
}

// --- stall lengths

// Four bins a decade, 1 ms to 10 s; what is longer is in the last.
constexpr int kBinsPerDecade = 4;
constexpr size_t kBins = 4 * kBinsPerDecade;
using Bins = std::array<int, kBins>;

size_t bin_of(double ms) {
  const double at = std::log10(ms) * kBinsPerDecade;
  return static_cast<size_t>(std::clamp(at, 0.0, static_cast<double>(kBins - 1)));
}

struct Lengths {
  Bins before{};
  Bins last{};
  int total = 0;
  double longest_ms = 0;
};

Lengths lengths_of(const Overview& overview, const std::string& test, const std::string& kernel) {
  Lengths lengths;
  for (const SessionRecord& session : overview.sessions) {
    Bins& bins = &session == &overview.sessions.back() ? lengths.last : lengths.before;
    for (const Trial* trial : trials_of(session, test, kernel))
      for (const TrialStall& stall : trial->stalls) {
        if (!trial->is_judged() || stall.own_ms() < 1) continue;
        ++bins[bin_of(stall.own_ms())];
        ++lengths.total;
        lengths.longest_ms = std::max(lengths.longest_ms, stall.own_ms());
      }
  }
  return lengths;
}

std::string draw_lengths(const Lengths& lengths) {
  constexpr int kLeft = 8;
  constexpr int kBase = 78;
  constexpr int kHeight = 66;
  constexpr int kBin = 18;
  int most = 1;
  for (size_t i = 0; i < kBins; ++i) most = std::max(most, lengths.before[i] + lengths.last[i]);
  const auto height = [&](int count) {
    // Square root: one stall of a hundred stays visible, and ten look like more than one.
    return kHeight * std::sqrt(static_cast<double>(count) / most);
  };
  std::string svg;
  for (size_t i = 0; i < kBins; ++i) {
    const int all = lengths.before[i] + lengths.last[i];
    if (all == 0) continue;
    const double from = std::pow(10, static_cast<double>(i) / kBinsPerDecade);
    const double to = std::pow(10, static_cast<double>(i + 1) / kBinsPerDecade);
    const int x = kLeft + static_cast<int>(i) * kBin;
    const double tall = height(all);
    const double last = tall * lengths.last[i] / all;
    svg += fmt::format(
        "<g><title>{} of {:.3g} to {:.3g} ms, {} of them in the newest session</title><rect "
        "class=\"other\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\"/><rect class=\"nmi\" "
        "x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\"/></g>",
        all, from, to, lengths.last[i], x + 1, kBase - tall, kBin - 2, tall - last, x + 1,
        kBase - last, kBin - 2, last);
  }
  svg += fmt::format("<path class=\"tick\" d=\"M{} {}h{}\"/>", kLeft, kBase,
                     static_cast<int>(kBins) * kBin);
  constexpr std::array<const char*, 5> kTicks{"1 ms", "10 ms", "0.1 s", "1 s", "10 s"};
  for (size_t i = 0; i < kTicks.size(); ++i) {
    const int x = kLeft + static_cast<int>(i) * kBinsPerDecade * kBin;
    const char* anchor = i == 0 ? "start" : i + 1 == kTicks.size() ? "end" : "middle";
    svg += fmt::format(
        "<path class=\"tick\" d=\"M{0} {1}v4\"/><text x=\"{0}\" y=\"{2}\" text-anchor=\"{3}\">{4}"
        "</text>",
        x, kBase, kBase + 15, anchor, kTicks[i]);
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\"><title>stalls "
      "by length</title>{}</svg>",
      kLeft * 2 + static_cast<int>(kBins) * kBin, kBase + 20, svg);
}

}  // namespace

std::string probability_part(const Overview& overview) {
  std::string text =
      "<h2>How probable anything but a pass is</h2>\n<p class=\"soft\">Per run, over all sessions "
      "here; runs that could not be judged are left out. The wide bar is the exact 95 % interval "
      "(Clopper and Pearson): where it is wide, more runs are needed, whatever the mark says.</p>\n"
      "<div class=\"scroll\"><table class=\"bars\"><thead><tr><th>kernel<th class=\"number\">runs"
      "<th>0 to 100 %<th>probability</tr></thead><tbody>\n";
  for (const std::string& test : overview.cases) text += probability_rows(overview, test);
  return text + "</tbody></table></div>\n";
}

std::string stalls_part(const Overview& overview) {
  std::string cards;
  for (const std::string& test : overview.cases)
    for (const std::string& kernel : overview.kernels) {
      const Lengths lengths = lengths_of(overview, test, kernel);
      // Below the freeze meter's limit there is the host's noise alone.
      if (lengths.longest_ms < kShownStallMs) continue;
      cards += fmt::format(
          "<div class=\"card\"><div class=\"card-head\"><span>{}</span><span class=\"soft\">{}"
          "</span></div><div class=\"soft small\">{} stalls, longest {}</div>{}</div>\n",
          html(kernel), html(test), lengths.total, duration_text(lengths.longest_ms),
          draw_lengths(lengths));
    }
  if (cards.empty()) return "";
  return "<h2>How long stalls were</h2>\n<div class=\"keys\"><span><i class=\"key nmi\"></i>newest "
         "session</span><span><i class=\"key other\"></i>before</span><span>Parts that the host "
         "does not explain, 1 ms and more; kernels with none of 8 ms are left out. Heights are "
         "square roots of counts. Lengths under TCG are not those of hardware.</span></div>\n<div "
         "class=\"cards\">\n" +
         cards + "</div>\n";
}

}  // namespace lab
