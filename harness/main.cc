// thawlab: the laboratory's command line. A table of subcommands and nothing else: parsing of each
// one's options is in commands/NAME.cc, beside what it runs.

#include "harness/commands/command.h"
#include "profiler/base/command_line.h"

int main(int argc, char** argv) {
  // One a line: a new command is a new line.
  // clang-format off
  constexpr const thaw::Command* kCommands[] = {
      &lab::kRunCommand,
      &lab::kPlanCommand,
      &lab::kSubmitCommand,
      &lab::kMergeCommand,
      &lab::kHuntCommand,
      &lab::kBisectCommand,
      &lab::kSelftestCommand,
      &lab::kShellCommand,
      &lab::kShowCommand,
      &lab::kHistoryCommand,
      &lab::kCompareCommand,
      &lab::kReportCommand,
      &lab::kClassifyCommand,
      &lab::kBundleCommand,
      &lab::kReplayCommand,
      &lab::kCaseCommand,
      &lab::kKernelsCommand,
      &lab::kDoctorCommand,
  };
  // clang-format on
  return thaw::run_program({.name = "thawlab",
                            .about = "Thaw's laboratory: boots many kernels, runs a capture under "
                                     "load, and judges whether the machine froze.",
                            .commands = kCommands},
                           argc, argv);
}
