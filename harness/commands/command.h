#pragma once
// What a subcommand of thawlab is. Each commands/*.cc defines one Command; main.cc is the table of
// them.

#include <functional>

#include <CLI/App.hpp>

#include "profiler/base/errors.h"

namespace lab {

/// One subcommand: a row in main's table.
struct Command {
  const char* name;
  /// One line for `thawlab --help`.
  const char* summary;
  /// Registers options on the subcommand's own App and returns what to run once they are parsed.
  /// The returned function owns the option values (a shared_ptr captured by both): the App keeps
  /// pointers into them. It gives the exit code, or an Error that main prints once.
  std::function<thaw::Result<int>()> (*setup)(CLI::App& app);
};

extern const Command kDoctorCommand;
extern const Command kKernelsCommand;
extern const Command kRunCommand;
extern const Command kShowCommand;

}  // namespace lab
