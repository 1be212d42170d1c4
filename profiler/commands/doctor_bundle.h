#pragma once
// The file that `thaw doctor --bundle` leaves for a bug report. BUNDLE.md says what is in it.

#include <string>

#include <nlohmann/json.hpp>

#include "profiler/base/errors.h"
#include "profiler/capture/machine_facts.h"

namespace thaw {

/// `doctor` is what `thaw doctor --json` says.
std::string bundle_text(const MachineFacts& facts, const nlohmann::ordered_json& doctor);

/// Writes the bundle to `file`, or a new thaw-report-TIME.json here when that is empty; under sudo
/// it belongs to the calling user. Returns its name. Fails with User when the file exists.
Result<std::string> write_bundle(const std::string& file, const std::string& text);

}  // namespace thaw
