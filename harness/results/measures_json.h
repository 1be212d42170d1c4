#pragma once
// Measures of a capture or profile as JSON, in the fields of `thaw fidelity --json`.

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/verdict/verdict.h"
#include "profiler/analysis/fidelity/measure.h"

namespace lab {

nlohmann::json measures_to_json(const std::vector<thaw::Measure>& measures);
/// Measures of a kind that this version does not know are left out. Throws as the library does.
std::vector<thaw::Measure> measures_from_json(const nlohmann::json& from);

/// Null when nothing stood beside the subject.
nlohmann::json comparison_to_json(const std::optional<ComparedRecorder>& compared);
ComparedRecorder comparison_from_json(const nlohmann::json& from);

}  // namespace lab
