#pragma once
// Trends as JSON: `baselines[]` and `regressions[]` of results.json, `baselines[]` of
// `thawlab compare --json`.

#include <vector>

#include <nlohmann/json.hpp>

#include "harness/results/trend.h"

namespace lab {

nlohmann::json trends_to_json(const std::vector<CaseTrend>& trends);
/// Of these, what is worse: a sentence each.
nlohmann::json regressions_to_json(const std::vector<CaseTrend>& trends);
/// Throws as the library does.
std::vector<CaseTrend> trends_from_json(const nlohmann::json& from);

}  // namespace lab
