#pragma once
// Suites: a TOML file that lists case files and multiplies them by kernels, images and machines.
// Its keys are described in harness/cases/README.md.

#include <filesystem>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "profiler/base/errors.h"

namespace lab {

/// The case in a case file, or the cases of a suite, in its order: a file with the key `cases` is a
/// suite. A variant for one of a suite's machines or images has a name of its own and
/// the suite as its file. Fails with User as load_case() does, for the suite and for each case in
/// it.
thaw::Result<std::vector<Case>> load_cases(const std::filesystem::path& file);

/// The same for text in memory; `cases` are looked for beside `file`.
thaw::Result<std::vector<Case>> parse_cases(std::string_view text,
                                            const std::filesystem::path& file);

}  // namespace lab
