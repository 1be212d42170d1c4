#pragma once
// What a subcommand of thaw is. Each commands/*.cc defines one Command; main.cc is the table of
// them.

#include <functional>

#include <CLI/CLI.hpp>

#include "profiler/base/errors.h"

namespace thaw {

/// One subcommand: a row in main's table.
struct Command {
  const char* name;
  /// One line for `thaw --help`.
  const char* summary;
  /// Registers options on the subcommand's own App and returns what to run once they are parsed.
  /// The returned function owns the option values (a shared_ptr captured by both): the App keeps
  /// pointers into them. It gives the exit code, or an Error that main prints once.
  std::function<Result<int>()> (*setup)(CLI::App& app);
};

extern const Command kDoctorCommand;
extern const Command kDumpCommand;
extern const Command kFreezesCommand;
extern const Command kInfoCommand;
extern const Command kRecordCommand;
extern const Command kWatchCommand;

}  // namespace thaw
