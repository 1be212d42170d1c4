// Formulas stand with their names in the header. Boost.Math inverts the distributions: quantiles
// by hand lose their accuracy in the tails, and the tails are what a rare hang is about.

#include "harness/verdict/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <boost/math/distributions/hypergeometric.hpp>

namespace lab {

std::optional<uint64_t> trials_to_exclude(double probability, double confidence) {
  if (probability <= 0) return std::nullopt;
  if (probability >= 1) return 1;
  const double trials = std::log1p(-confidence) / std::log1p(-probability);
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(trials - 1e-9)));
}

double fisher_exact(uint64_t a, uint64_t n, uint64_t b, uint64_t m) {
  const uint64_t hits = a + b;
  if (n == 0 || m == 0 || hits == 0 || hits == n + m) return 1;
  const uint64_t least = hits > m ? hits - m : 0;
  const uint64_t most = std::min(hits, n);
  // Each table's chance follows from its neighbour's, outwards from the likeliest: one evaluation
  // of the distribution instead of one per table. What underflows to 0 is as unlikely as it says.
  const auto likeliest =
      std::clamp(static_cast<uint64_t>(static_cast<double>(hits + 1) * static_cast<double>(n + 1) /
                                       static_cast<double>(n + m + 2)),
                 least, most);
  const boost::math::hypergeometric_distribution<> tables(hits, n, n + m);
  std::vector<double> chance(most - least + 1);
  chance[likeliest - least] = boost::math::pdf(tables, likeliest);
  // p(x+1) / p(x) = (hits - x)(n - x) / ((x + 1)(m - hits + x + 1))
  const auto ratio = [&](uint64_t x) {
    return static_cast<double>(hits - x) * static_cast<double>(n - x) /
           (static_cast<double>(x + 1) * static_cast<double>(m + x + 1 - hits));
  };
  for (uint64_t x = likeliest; x < most; ++x) chance[x + 1 - least] = chance[x - least] * ratio(x);
  for (uint64_t x = likeliest; x > least; --x)
    chance[x - 1 - least] = chance[x - least] / ratio(x - 1);
  // As unlikely as the one seen, but for rounding.
  const double seen = chance[a - least] * (1 + 1e-7);
  return std::min(1.0,
                  std::accumulate(chance.begin(), chance.end(), 0.0,
                                  [&](double sum, double p) { return p <= seen ? sum + p : sum; }));
}

double variance_between(const Group* groups, size_t count) {
  double trials = 0;
  double squares = 0;
  double successes = 0;
  size_t used = 0;
  for (size_t i = 0; i < count; ++i) {
    if (groups[i].trials == 0) continue;
    const auto n = static_cast<double>(groups[i].trials);
    trials += n;
    squares += n * n;
    successes += static_cast<double>(groups[i].successes);
    ++used;
  }
  if (used < 2) return 0;
  const double mean = successes / trials;
  double spread = 0;
  for (size_t i = 0; i < count; ++i) {
    if (groups[i].trials == 0) continue;
    const auto n = static_cast<double>(groups[i].trials);
    const double share = static_cast<double>(groups[i].successes) / n;
    spread += n * (share - mean) * (share - mean);
  }
  const auto k = static_cast<double>(used);
  const double by_chance = (k - 1) * mean * (1 - mean);
  const double divisor = trials - squares / trials - (k - 1);
  if (divisor <= 0) return 0;
  return std::max(0.0, (spread - by_chance) / divisor);
}

SequentialTest::SequentialTest(double rare, double often, double risk_often, double risk_rare)
    : step_success_(std::log(often / rare)),
      step_failure_(std::log((1 - often) / (1 - rare))),
      upper_(std::log((1 - risk_rare) / risk_often)),
      lower_(std::log(risk_rare / (1 - risk_often))) {}

void SequentialTest::add(bool success) {
  log_ratio_ += success ? step_success_ : step_failure_;
}

SequentialTest::Answer SequentialTest::answer() const {
  if (log_ratio_ >= upper_) return Answer::often;
  if (log_ratio_ <= lower_) return Answer::rare;
  return Answer::undecided;
}

}  // namespace lab
