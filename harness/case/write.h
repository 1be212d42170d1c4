#pragma once
// A case as text, for keeping it with a run.

#include <string>

#include "harness/case/case.h"

namespace lab {

/// A case file that parse_case() reads as this case. Comments of the file it came from are not in
/// it; host files of the subject are absolute.
std::string case_text(const Case& test);

/// A string of TOML, in quotes.
std::string toml_text(std::string_view text);

}  // namespace lab
