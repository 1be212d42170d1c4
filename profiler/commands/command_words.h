#pragma once
// The CMD of `thaw record -- CMD…` and `thaw watch -- CMD…`.

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "profiler/base/errors.h"

namespace thaw {

/// Lets `app` take a command after its options. The returned function gives the words once they are
/// parsed, exactly as typed, and none when there was no command; fails with User for words that are
/// neither an option nor behind the "--". `app` must outlive it.
std::function<Result<std::vector<std::string>>()> take_command(CLI::App& app);

}  // namespace thaw
