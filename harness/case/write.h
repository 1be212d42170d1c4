#pragma once
// A case as text, for keeping it with a run.

#include <string>

#include "harness/case/case.h"
#include "profiler/base/errors.h"

namespace lab {

/// The case file as it is, or for a case made of options a file that says the same. Fails with
/// Environment when the file cannot be read (any more).
thaw::Result<std::string> case_text(const Case& test);

/// A string of TOML, in quotes.
std::string toml_text(std::string_view text);

}  // namespace lab
