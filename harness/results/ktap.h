#pragma once

#include <string>

#include "harness/results/result.h"

namespace lab {

/// results.ktap: KTAP version 1 (Documentation/dev-tools/ktap.rst of the Linux kernel), one flat
/// test per run. A session that was interrupted has fewer tests than its plan, which every parser
/// reports. infra and incapable are `not ok … # ERROR`, a known issue `ok … # XFAIL`.
std::string to_ktap(const ResultSet& results);

}  // namespace lab
