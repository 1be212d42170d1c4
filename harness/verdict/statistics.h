#pragma once
// What a count of trials allows to say, as far as only the lab asks it; the rest is in
// profiler/base/statistics.h. Pure; nothing here knows what was counted.

#include <cstdint>
#include <optional>

#include "profiler/base/statistics.h"

namespace lab {

using thaw::binomial_interval;
using thaw::Probability;

/// How many trials in a row must show nothing to say with `confidence` that something which showed
/// with `probability` a trial is gone: ln(1 - confidence) / ln(1 - probability), rounded up.
/// Nothing when the probability is zero; 1 when it is one.
std::optional<uint64_t> trials_to_exclude(double probability, double confidence);

/// Fisher's exact test, two-sided: how likely two groups with one common probability differ at
/// least as much as `a` of `n` and `b` of `m` do.
double fisher_exact(uint64_t a, uint64_t n, uint64_t b, uint64_t m);

/// Variance of the probability between groups (boots): the method of moments after subtracting
/// what binomial chance alone explains; 0 when the groups differ no more than chance.
struct Group {
  uint64_t successes = 0;
  uint64_t trials = 0;
};
double variance_between(const Group* groups, size_t count);

/// Wald's sequential probability ratio test between "shows in at most `rare` of the trials" and "in
/// at least `often`": after each trial one of three answers, with the stated risks of a wrong one.
/// Source of the limits: Wald, Sequential Analysis (1947), A = (1-β)/α, B = β/(1-α).
class SequentialTest {
 public:
  enum class Answer { undecided, rare, often };
  /// 0 < rare < often < 1; risks of answering `often` wrongly and `rare` wrongly.
  SequentialTest(double rare, double often, double risk_often, double risk_rare);
  void add(bool success);
  Answer answer() const;

 private:
  double step_success_;
  double step_failure_;
  double upper_;
  double lower_;
  double log_ratio_ = 0;
};

}  // namespace lab
