// Rank tests and the correction for many of them. Exact where samples are small, which is where the
// normal approximation is wrong and where nights usually are: a handful of runs.

#include "harness/verdict/ranks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/verdict/statistics.h"

namespace lab {

namespace {

// C(20, 10) is 184,756: the exact distribution costs nothing up to there.
constexpr size_t kMostExact = 20;

/// Mid-ranks of both samples together, the sum of those of `after`, and the sum of t³ - t over
/// groups of t equal values.
struct Ranks {
  double sum_after = 0;
  double ties = 0;
};

Ranks rank(std::span<const double> before, std::span<const double> after) {
  std::vector<std::pair<double, bool>> all;  // value, is of `after`
  for (double value : before) all.emplace_back(value, false);
  for (double value : after) all.emplace_back(value, true);
  std::ranges::sort(all);
  Ranks ranks;
  for (size_t first = 0; first < all.size();) {
    size_t end = first;
    while (end < all.size() && all[end].first == all[first].first) ++end;
    const auto count = static_cast<double>(end - first);
    const double middle = (static_cast<double>(first + 1) + static_cast<double>(end)) / 2;
    for (size_t i = first; i < end; ++i)
      if (all[i].second) ranks.sum_after += middle;
    ranks.ties += count * count * count - count;
    first = end;
  }
  return ranks;
}

/// How many of the arrangements of n and m values have each U: f(n, m, u) = f(n-1, m, u-m) +
/// f(n, m-1, u).
std::vector<double> arrangements(size_t n, size_t m) {
  std::vector<std::vector<double>> row(m + 1);
  for (size_t j = 0; j <= m; ++j) row[j] = {1};  // no value of the first sample: U is 0
  for (size_t i = 1; i <= n; ++i) {
    std::vector<std::vector<double>> next(m + 1);
    next[0] = {1};
    for (size_t j = 1; j <= m; ++j) {
      next[j].assign(i * j + 1, 0);
      for (size_t u = 0; u < row[j].size(); ++u) next[j][u + j] += row[j][u];
      for (size_t u = 0; u < next[j - 1].size(); ++u) next[j][u] += next[j - 1][u];
    }
    row = std::move(next);
  }
  return row[m];
}

double exact_p(double u, size_t n, size_t m) {
  const std::vector<double> counts = arrangements(n, m);
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  const auto low = static_cast<size_t>(std::min(u, static_cast<double>(n * m) - u));
  const double tail = std::accumulate(counts.begin(), counts.begin() + low + 1, 0.0);
  return std::min(1.0, 2 * tail / all);
}

double normal_p(double u, size_t n, size_t m, double ties) {
  const auto a = static_cast<double>(n);
  const auto b = static_cast<double>(m);
  const double all = a + b;
  const double variance = a * b / 12 * (all + 1 - ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;  // all values are equal
  const double distance = std::max(0.0, std::abs(u - a * b / 2) - 0.5);
  return std::erfc(distance / std::sqrt(2 * variance));
}

}  // namespace

std::optional<RankTest> mann_whitney(std::span<const double> before,
                                     std::span<const double> after) {
  if (before.empty() || after.empty()) return std::nullopt;
  const size_t n = before.size();
  const size_t m = after.size();
  const Ranks ranks = rank(before, after);
  const double u = ranks.sum_after - static_cast<double>(m * (m + 1)) / 2;
  const bool exact = n + m <= kMostExact && ranks.ties == 0;
  return RankTest{.p = exact ? exact_p(u, n, m) : normal_p(u, n, m, ranks.ties),
                  .greater = u / static_cast<double>(n * m)};
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double floor = 0;
  for (size_t at = 0; at < order.size(); ++at) {
    const auto left = static_cast<double>(order.size() - at);
    floor = std::max(floor, std::min(1.0, p_values[order[at]] * left));
    adjusted[order[at]] = floor;
  }
  return adjusted;
}

double least_fisher(uint64_t successes, uint64_t n, uint64_t m) {
  const uint64_t most_first = std::min(successes, n);
  const uint64_t most_second = std::min(successes, m);
  return std::min(fisher_exact(most_first, n, successes - most_first, m),
                  fisher_exact(successes - most_second, n, most_second, m));
}

std::optional<uint64_t> trials_to_tell(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                                       double alpha) {
  if (n == 0 || m == 0) return std::nullopt;
  const auto share = [](uint64_t part, uint64_t all, uint64_t trials) {
    return static_cast<uint64_t>(std::llround(static_cast<double>(part) / static_cast<double>(all) *
                                              static_cast<double>(trials)));
  };
  for (uint64_t trials = 1; trials <= 1000; ++trials)
    if (fisher_exact(share(a, n, trials), trials, share(b, m, trials), trials) < alpha)
      return trials;
  return std::nullopt;
}

}  // namespace lab
