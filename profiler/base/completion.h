#pragma once
// Completion scripts for the shells, written from the program's own table of commands and options.

#include <string>

#include "profiler/base/command_pages.h"

namespace thaw {

/// A script that bash (4 or newer) sources, by itself or through bash-completion's loader.
std::string bash_completion(const CommandPage& program);

/// A file `_PROGRAM` for a folder of zsh's fpath.
std::string zsh_completion(const CommandPage& program);

/// A file `PROGRAM.fish` for fish's completions.
std::string fish_completion(const CommandPage& program);

}  // namespace thaw
