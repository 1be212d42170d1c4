#pragma once
// What counts allow to say: tails of distributions, exact intervals. Pure; nothing here knows what
// was counted. Shared by `thaw fidelity` and the lab.

#include <cstdint>
#include <span>

namespace thaw {

/// A share of trials with its confidence interval.
struct Probability {
  double estimate = 0;  ///< k / n; 0 without trials
  double low = 0;
  double high = 1;
};

/// Clopper and Pearson's exact interval for `successes` of `trials`; conservative: it covers at
/// least `confidence` (0 to 1). Without trials [0, 1]. For zero (or all) successes the interval is
/// one-sided, so that 0 of n gives 1 - (1 - confidence)^(1/n), which is 3/n at 95 %.
Probability binomial_interval(uint64_t successes, uint64_t trials, double confidence);

/// A range of counts.
struct CountRange {
  double least = 0;
  double most = 0;
};

/// The counts that `trials` of probability `low` to `high` have with at most `alpha` outside, half
/// of it at each end: the exact binomial test of "the probability lies in [low, high]".
CountRange binomial_counts(uint64_t trials, double low, double high, double alpha);
/// The chance of a count at least as far out as `successes` under the likeliest probability in
/// [low, high], both ends together: the p of that test, at most 1.
double binomial_p(uint64_t successes, uint64_t trials, double low, double high);

/// The same of a Poisson count whose mean is in [low, high].
CountRange poisson_counts(double low, double high, double alpha);
double poisson_p(uint64_t count, double low, double high);

/// Counts in cells against the probabilities of the cells.
struct GTest {
  double g = 0;  ///< 2 Σ O ln(O / E)
  double w = 0;  ///< Cohen's w: sqrt(Σ (o − e)² / e) of the shares; 0.1 is small, 0.5 large
  double most_w = 0;    ///< the w at which p would be alpha
  double p = 1;         ///< chance of such a g or a larger one
  int cells = 0;        ///< after those that expect too little were put together
  uint64_t trials = 0;  ///< sum of the counts
};
/// Cells that expect less than `least` counts are one, since the chi-squared tail of G is right
/// only where each cell expects some. `spare`: a relative error of the probabilities that is no
/// fault. With fewer than two cells p is 1.
GTest g_test(std::span<const uint64_t> counts, std::span<const double> probabilities, double spare,
             double alpha, double least = 20);

}  // namespace thaw
