// Formulas stand with their names in the header. Boost.Math has the distributions: tails by hand
// lose their accuracy where it matters, at chances of one in a million.

#include "profiler/base/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/distributions/poisson.hpp>

namespace thaw {

namespace {

namespace math = boost::math;

/// Quantiles are rounded outwards: an interval covers at least what it says.
using Outwards = math::policies::policy<
    math::policies::discrete_quantile<math::policies::integer_round_outwards>>;
using Binomial = math::binomial_distribution<double, Outwards>;
using Poisson = math::poisson_distribution<double, Outwards>;

/// Both ends of a distribution with the given tails, doubled as is usual for a two-sided p.
double two_sided(double below, double above) {
  return std::min(1.0, 2 * std::min(below, above));
}

/// P(X ≥ count).
template <class Distribution>
double at_least(const Distribution& distribution, uint64_t count) {
  if (count == 0) return 1;
  return math::cdf(math::complement(distribution, static_cast<double>(count - 1)));
}

}  // namespace

Probability binomial_interval(uint64_t successes, uint64_t trials, double confidence) {
  if (trials == 0) return {};
  const auto k = static_cast<double>(successes);
  const auto n = static_cast<double>(trials);
  const bool is_one_sided = successes == 0 || successes == trials;
  const double tail = is_one_sided ? 1 - confidence : (1 - confidence) / 2;
  Probability result{k / n, 0, 1};
  if (successes > 0) result.low = math::quantile(math::beta_distribution<>(k, n - k + 1), tail);
  if (successes < trials)
    result.high = math::quantile(math::complement(math::beta_distribution<>(k + 1, n - k), tail));
  return result;
}

CountRange binomial_counts(uint64_t trials, double low, double high, double alpha) {
  const auto n = static_cast<double>(trials);
  if (trials == 0) return {};
  CountRange range{0, n};
  if (low > 0) range.least = low >= 1 ? n : math::quantile(Binomial(n, low), alpha / 2);
  if (high < 1)
    range.most = high <= 0 ? 0 : math::quantile(math::complement(Binomial(n, high), alpha / 2));
  return range;
}

double binomial_p(uint64_t successes, uint64_t trials, double low, double high) {
  if (trials == 0) return 1;
  const auto k = static_cast<double>(successes);
  const double p = std::clamp(k / static_cast<double>(trials), low, high);
  if (p <= 0) return successes == 0 ? 1 : 0;
  if (p >= 1) return successes == trials ? 1 : 0;
  const Binomial binomial(static_cast<double>(trials), p);
  return two_sided(math::cdf(binomial, k), at_least(binomial, successes));
}

CountRange poisson_counts(double low, double high, double alpha) {
  CountRange range;
  if (low > 0) range.least = math::quantile(Poisson(low), alpha / 2);
  if (high > 0) range.most = math::quantile(math::complement(Poisson(high), alpha / 2));
  return range;
}

double poisson_p(uint64_t count, double low, double high) {
  const double mean = std::clamp(static_cast<double>(count), low, high);
  if (mean <= 0) return count == 0 ? 1 : 0;
  const Poisson poisson(mean);
  return two_sided(math::cdf(poisson, static_cast<double>(count)), at_least(poisson, count));
}

GTest g_test(std::span<const uint64_t> counts, std::span<const double> probabilities, double spare,
             double alpha, double least) {
  GTest test;
  for (const uint64_t count : counts) test.trials += count;
  const auto n = static_cast<double>(test.trials);
  std::vector<std::pair<double, double>> cells;  // seen, expected
  std::pair<double, double> small;
  for (size_t i = 0; i < counts.size(); i++) {
    const auto seen = static_cast<double>(counts[i]);
    const double expected = n * probabilities[i];
    if (expected >= least) {
      cells.emplace_back(seen, expected);
    } else {
      small.first += seen, small.second += expected;
    }
  }
  if (small.second >= least)
    cells.push_back(small);
  else if (!cells.empty())
    cells.back().first += small.first, cells.back().second += small.second;
  test.cells = static_cast<int>(cells.size());
  if (test.cells < 2) return test;
  double squares = 0;
  for (const auto& [seen, expected] : cells) {
    if (seen > 0) test.g += 2 * seen * std::log(seen / expected);
    squares += (seen - expected) * (seen - expected) / expected;
  }
  test.g = std::max(0.0, test.g);
  test.w = std::sqrt(squares / n);
  // Probabilities that are off by `spare` shift the distribution by n Σ (p·spare)² / p ≤ n·spare².
  const double shift = n * spare * spare;
  const double freedom = test.cells - 1;
  double most_g = 0;
  if (shift > 0) {
    const math::non_central_chi_squared_distribution<> chi(freedom, shift);
    test.p = math::cdf(math::complement(chi, test.g));
    most_g = math::quantile(math::complement(chi, alpha));
  } else {
    const math::chi_squared_distribution<> chi(freedom);
    test.p = math::cdf(math::complement(chi, test.g));
    most_g = math::quantile(math::complement(chi, alpha));
  }
  test.most_w = std::sqrt(most_g / n);
  return test;
}

}  // namespace thaw
