#pragma once
// A case file with some of its settings changed.

#include <filesystem>
#include <string>

#include "harness/case/case.h"
#include "profiler/base/errors.h"

namespace lab {

/// The text of `file` with name, why, kernels, load, NMIs, machine and run as `changed` has them;
/// all else stays, comments do not. Host files of the subject become absolute. Fails as load_case()
/// does.
thaw::Result<std::string> rewrite_case(const std::filesystem::path& file, const Case& changed);

}  // namespace lab
