#pragma once
// What the commands that name functions share.

#include <CLI/CLI.hpp>

#include "profiler/analysis/frame_names.h"

namespace thaw {

/// Adds --no-inline, --symbols and --debuginfod. `options` must outlive `app`.
void add_name_options(CLI::App& app, NameOptions& options);

/// Says on stderr what the user should know of the search for names.
void print_notes(const std::vector<std::string>& notes);

}  // namespace thaw
