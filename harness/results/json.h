#pragma once
// results.json: written and read here alone. The schema is described in SCHEMA.md.

#include <string>
#include <string_view>

#include "harness/results/result.h"
#include "profiler/base/errors.h"

namespace lab {

std::string to_json(const ResultSet& results);

/// `name` is used in messages. Fails with Corrupt when it is not results.json, or of another
/// schema. Fields that are not known are ignored.
thaw::Result<ResultSet> from_json(std::string_view text, std::string_view name);

}  // namespace lab
