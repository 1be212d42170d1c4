// The statistics of a baseline. Goal: `worse` is a statement with a known chance of being wrong,
// `equivalent` is one too, and what is neither says so.
//
// A run of today that is no different from the n before is below a limit but for a chance of alpha.
// Its change is at least what it lies above that limit, and when that is more than the margin the
// measure is worse. The limit is the one of an exponential tail: of values a + θE, where E is
// exponential, the sum W of the distances from their least has a gamma distribution and is
// independent of the least, and what one more value is above it is exponential again, so that
//
//   P(one more > least + x · W) = n / (n + 1) · (1 + x)^-(n - 1),
//
// exactly, whatever a and θ are. Better is the same seen from above. A change is equivalent to none
// when two one-sided t tests at the usual level say that it is within the margin.
//
// Why the obvious ways are wrong. "Worse than the mean by two standard deviations" is wrong in one
// of twenty measures, and a session has hundreds. Student's quantile is right for normal scatter:
// tried with the longest of many holes, whose tail is exponential, it called one session in 300
// worse where one in 10 000 was promised, since eight such values often lie close together. "No
// significant difference" is no equivalence: few runs show none whatever happens. And a difference
// that is significant may be no matter: deterministic guests have so little scatter that everything
// is. Hence margins, for both.
//
// What is assumed, and what stands against its being wrong:
//  - Tails are exponential or lighter (tests/unit/results/trend_test.cc tries four shapes). The
//    price is power: 20 runs see what is 19 times their mean distance from the least; 40, 15 times.
//  - Runs of one session share their host's hour, so several of them are not several proofs: each
//    must be beyond the limit of one. That makes repeats a guard against an accident of one run and
//    not a way to find smaller changes.
//  - A baseline without scatter does not prove that there is none. A tenth of the margin is
//    assumed, so that what always was zero is worse from three margins on with 20 runs.
//  - What happens to one run in fifty and to none of the baseline is called worse when it happens.
//    No number of runs that a night has tells it from a change; repeating the run does.

#include "harness/results/trend.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <boost/math/distributions/students_t.hpp>

namespace lab {

namespace {

constexpr double kLeastScatter = 0.1;  // of the margin

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double scatter_of(std::span<const double> values, double mean) {
  if (values.size() < 2) return 0;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

/// How far one more of `n` values is from their end, as a multiple of their mean distance from it,
/// but for `alpha`.
double reach_of_one_more(double n, double alpha) {
  return n * (std::pow(n / ((n + 1) * alpha), 1 / (n - 1)) - 1);
}

/// Student's, at the level of equivalence.
double quantile_of_equivalence(size_t runs) {
  constexpr size_t kKept = 64;
  const auto made = [](size_t count) {
    const boost::math::students_t_distribution<> student(static_cast<double>(count) - 1);
    return boost::math::quantile(boost::math::complement(student, kEquivalenceAlpha));
  };
  static const std::vector<double> kept = [&] {
    std::vector<double> quantiles(kKept);
    for (size_t count = 2; count < kKept; count++) quantiles[count] = made(count);
    return quantiles;
  }();
  return runs < kKept ? kept[runs] : made(runs);
}

Trend trend_of(const Stand& stand, double margin) {
  if (stand.at_least > margin) return Trend::worse;
  if (stand.at_most < -margin) return Trend::better;
  if (stand.apart < margin) return Trend::equivalent;
  return Trend::undecided;
}

}  // namespace

const char* name_of(Trend trend) {
  switch (trend) {
    case Trend::worse:
      return "worse";
    case Trend::better:
      return "better";
    case Trend::equivalent:
      return "equivalent";
    case Trend::undecided:
      return "undecided";
  }
  return "?";
}

Stand stand_of(std::span<const double> before, std::span<const double> now, double margin,
               double alpha) {
  Stand stand{.mean = mean_of(before),
              .least = std::ranges::min(before),
              .most = std::ranges::max(before),
              .now = mean_of(now)};
  stand.scatter = std::max(scatter_of(before, stand.mean), kLeastScatter * margin);
  stand.change = stand.now - stand.mean;
  if (before.size() < kLeastRuns) return stand;
  const auto n = static_cast<double>(before.size());
  const double reach = reach_of_one_more(n, alpha);
  const double above = std::max(stand.mean - stand.least, kLeastScatter * margin);
  const double below = std::max(stand.most - stand.mean, kLeastScatter * margin);
  stand.at_least = std::ranges::min(now) - (stand.least + reach * above);
  stand.at_most = std::ranges::max(now) - (stand.most - reach * below);
  stand.apart = std::abs(stand.change) +
                quantile_of_equivalence(before.size()) * stand.scatter * std::sqrt(1 + 1 / n);
  stand.trend = trend_of(stand, margin);
  return stand;
}

size_t CaseTrend::count(Trend trend) const {
  return static_cast<size_t>(std::ranges::count_if(
      measures, [&](const MeasureTrend& one) { return one.stand.trend == trend; }));
}

bool CaseTrend::has_unknown_worse() const {
  return std::ranges::any_of(measures, [](const MeasureTrend& one) {
    return one.stand.trend == Trend::worse && one.known.empty();
  });
}

}  // namespace lab
