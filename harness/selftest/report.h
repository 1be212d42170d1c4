#pragma once
// The self-test's account: for a terminal, as JSON, as a page. Pure.

#include <string>
#include <vector>

#include "harness/selftest/grade.h"

namespace lab {

/// Checks with their verdicts, the detection curve, the sum; of each wrong run the command that
/// repeats it.
std::string selftest_text(const std::vector<GradedCheck>& checks);

/// selftest.json; README.md beside this file has its fields.
std::string selftest_json(const std::vector<GradedCheck>& checks);

/// selftest.html: stands alone but for links to the runs' own report.
std::string selftest_page(const std::vector<GradedCheck>& checks);

/// What --list prints: each check, what it injects, what must come of it and why.
std::string list_checks(const std::vector<Check>& checks);

/// 0: every verdict was the right one; 1: one was not; 69: all were, but a check could not be made.
int selftest_exit_code(const std::vector<GradedCheck>& checks);

}  // namespace lab
