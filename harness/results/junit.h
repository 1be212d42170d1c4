#pragma once
// junit.xml, for the CI systems that show it.

#include <string>

#include "harness/results/result.h"

namespace lab {

/// One testsuite per case, one testcase per run. An unexpected verdict is a failure, an unexpected
/// `infra` or `incapable` an error: nothing was proved either way. An expected freeze passes.
std::string to_junit(const ResultSet& results);

}  // namespace lab
