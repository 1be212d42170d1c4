// Emit durations as bars on logarithmic axes: a sound kernel's histogram ends at a few hundred
// microseconds, a frozen one has an island on the right. Linear axes would show neither the island
// (a few of 300,000) nor what it is made of.

#include "harness/report/histogram.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "harness/report/numbers.h"

namespace lab {

namespace {

// Buckets shown: 2^9 ns (0.5 µs) to 2^31 ns (2 s); what lies outside is shown at the edge.
constexpr int kFirst = 9;
constexpr int kLast = 31;
constexpr int kBuckets = kLast - kFirst + 1;
constexpr double kTopCount = 1e7;  // a run of ten seconds has some 10^6 emits

constexpr int kLeft = 34;
constexpr int kTop = 8;
constexpr int kWidth = kBuckets * 12;
constexpr int kHeight = 84;
constexpr int kBase = kTop + kHeight;

struct Series {
  const char* css;
  std::string name;
  std::array<uint64_t, kBuckets> counts{};

  void add(int bucket, uint64_t count) {
    counts[static_cast<size_t>(std::clamp(bucket, kFirst, kLast) - kFirst)] += count;
  }
};

/// Bar height of a count; one is visible.
double height_of(uint64_t count) {
  if (count == 0) return 0;
  const double share =
      (std::log10(static_cast<double>(count)) + 0.4) / (std::log10(kTopCount) + 0.4);
  return std::min(1.0, share) * kHeight;
}

double x_of_ns(double ns) {
  return kLeft + (std::log2(ns) - kFirst) * 12;
}

std::array<Series, 2> series_of(const RunResult& run) {
  std::array<Series, 2> series{{{"other", "elsewhere"}, {"nmi", "in NMI"}}};
  if (run.emits) {
    for (size_t context = 0; context < run.emits->size(); ++context) {
      const bool is_nmi = context == static_cast<size_t>(thaw::EmitContext::nmi);
      const auto& buckets = (*run.emits)[context].buckets;
      for (size_t b = 0; b < buckets.size(); ++b)
        series[is_nmi ? 1 : 0].add(static_cast<int>(b), buckets[b]);
    }
    return series;
  }
  for (const Stall& stall : run.verdict.stalls)
    if (stall.own_ms() > 0)
      series[stall.context == "nmi" ? 1 : 0].add(std::ilogb(stall.own_ms() * 1e6), 1);
  return series;
}

std::string draw_series(const Series& series, double shift) {
  std::string svg;
  for (int i = 0; i < kBuckets; ++i) {
    const uint64_t count = series.counts[static_cast<size_t>(i)];
    if (count == 0) continue;
    const double tall = height_of(count);
    const double from_ms = std::ldexp(1.0, kFirst + i) / 1e6;
    svg += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"5\" height=\"{:.1f}\"><title>{} {}, "
        "{:.3g} to {:.3g} ms</title></rect>",
        series.css, kLeft + i * 12 + shift, kBase - tall, tall, count, series.name, from_ms,
        2 * from_ms);
  }
  return svg;
}

std::string draw_axes() {
  std::string svg = fmt::format("<path class=\"tick\" d=\"M{} {}h{}\"/>", kLeft, kBase, kWidth);
  struct Tick {
    double ns;
    const char* text;
  };
  for (const Tick& tick :
       {Tick{1e3, "1 µs"}, Tick{1e5, "0.1 ms"}, Tick{1e7, "10 ms"}, Tick{1e9, "1 s"}})
    svg += fmt::format(
        "<path class=\"tick\" d=\"M{0:.1f} {1}v4\"/><text x=\"{0:.1f}\" y=\"{2}\" "
        "text-anchor=\"middle\">{3}</text>",
        x_of_ns(tick.ns), kBase, kBase + 15, tick.text);
  for (const auto& [count, text] : {std::pair{1.0, "1"}, {1e3, "10³"}, {1e6, "10⁶"}})
    svg += fmt::format(
        "<path class=\"grid\" d=\"M{0} {1:.1f}h{2}\"/><text x=\"{3}\" y=\"{4:.1f}\" "
        "text-anchor=\"end\">{5}</text>",
        kLeft, kBase - height_of(static_cast<uint64_t>(count)), kWidth, kLeft - 5,
        kBase - height_of(static_cast<uint64_t>(count)) + 4, text);
  const double limit = x_of_ns(kShownStallMs * 1e6);
  return svg + fmt::format(
                   "<path class=\"limit\" d=\"M{:.1f} {}V{}\"><title>{} ms: the freeze "
                   "meter's limit for emits in NMI context</title></path>",
                   limit, kTop, kBase, kShownStallMs);
}

}  // namespace

std::string draw_histogram(const RunResult& run) {
  std::string svg = fmt::format(
      "<svg class=\"histogram\" viewBox=\"0 0 {} {}\" role=\"img\" xmlns=\"http://www.w3.org/2000/"
      "svg\"><title>{}: {}, longest {}</title>",
      kLeft + kWidth + 8, kBase + 20, run.kernel_name(),
      run.emits ? "how long emits took" : "how long stalls were",
      duration_text(longest_own_ms(run)));
  svg += draw_axes();
  const auto series = series_of(run);
  svg += draw_series(series[0], 0.5) + draw_series(series[1], 6);
  return svg + "</svg>\n";
}

}  // namespace lab
