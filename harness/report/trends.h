#pragma once
// A session against its baselines (results/trend.h), for people. Pure.

#include <string>
#include <vector>

#include "harness/results/trend.h"

namespace lab {

/// "14 runs in 9 sessions on 6.12.48, 2026-10-01 to 2026-11-27; left out: 3 copies, 2 outdated"
std::string baseline_words(const Baseline& baseline);

/// What changed, a sentence each, and how many did not; "" when nothing was held against anything.
std::string trends_text(const std::vector<CaseTrend>& trends);
/// All measures of one baseline as a table, with the change that would be called worse.
std::string baseline_text(const CaseTrend& trend);

/// The part of one kernel's page: each measure that is not equivalent, and each that scatters, as a
/// strip of its earlier runs with today's over it. "" when there is none.
std::string trends_html(const std::vector<CaseTrend>& trends, const std::string& kernel);

}  // namespace lab
