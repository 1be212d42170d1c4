#pragma once
// The CMD of `thaw record -- CMD…` and `thaw watch -- CMD…`.

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace thaw {

/// Lets `app` take a command after its options. The returned function gives the words once they are
/// parsed, exactly as typed, and none when there was no command. `app` must outlive it.
std::function<std::vector<std::string>()> take_command(CLI::App& app);

}  // namespace thaw
