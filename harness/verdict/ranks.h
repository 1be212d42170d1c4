#pragma once
// Two samples of lengths, compared by rank: stall lengths span four decades, and no test of means
// holds there. And what to do when many tests are made at once. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lab {

struct RankTest {
  double p = 1;          ///< two-sided
  double greater = 0.5;  ///< chance that one of `after` is longer than one of `before`; ties half
};

/// Mann and Whitney's test. Exact for at most 20 values in all without ties, else the normal
/// approximation with tie and continuity corrections. Nothing when a sample is empty.
std::optional<RankTest> mann_whitney(std::span<const double> before, std::span<const double> after);

/// Holm's correction: each p value times the number of tests that it may still be one of, never
/// decreasing in p, at most 1. In the order given. What stays below α there is significant with the
/// chance of any false one at most α.
std::vector<double> holm(std::span<const double> p_values);

/// The smallest p that Fisher's test can give for groups of n and m trials with `successes` in all:
/// a cell where this is above α can show nothing and needs no share of the correction (Tarone
/// 1990).
double least_fisher(uint64_t successes, uint64_t n, uint64_t m);

/// How many trials of each group would make the shares of `a` of `n` and `b` of `m` differ
/// significantly, if they stay what they are. Nothing when 1000 would not do.
std::optional<uint64_t> trials_to_tell(uint64_t a, uint64_t n, uint64_t b, uint64_t m,
                                       double alpha);

}  // namespace lab
