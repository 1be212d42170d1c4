#pragma once
// Case files: TOML text to a Case. The keys are those of design.md, "Kernel patterns and case
// files".

#include <filesystem>
#include <string_view>

#include "harness/case/case.h"
#include "profiler/base/errors.h"

namespace lab {

/// Reads and checks one case file. Everything the file gets wrong is Error{User}
/// "file:line:column: one sentence that says what is allowed". A relative path in `files` is
/// relative to the case file.
thaw::Result<Case> load_case(const std::filesystem::path& file);

/// The same for text in memory; `file` is used in messages and to resolve `files`.
thaw::Result<Case> parse_case(std::string_view text, const std::filesystem::path& file);

}  // namespace lab
