// thaw: the profiler's command line. A table of subcommands and nothing else: parsing of each one's
// options is in commands/NAME.cc, beside what it runs.

#include "profiler/base/command_line.h"
#include "profiler/commands/command.h"

int main(int argc, char** argv) {
  constexpr const thaw::Command* kCommands[] = {
      &thaw::kRecordCommand,  &thaw::kReportCommand,  &thaw::kTimelineCommand,
      &thaw::kInfoCommand,    &thaw::kFreezesCommand, &thaw::kExportCommand,
      &thaw::kCompareCommand, &thaw::kPackCommand,    &thaw::kDoctorCommand,
      &thaw::kWatchCommand,   &thaw::kDumpCommand,    &thaw::kFidelityCommand,
      &thaw::kViewCommand,    &thaw::kHtmlCommand,
  };
  return thaw::run_program(
      {.name = "thaw",
       .about =
           "Thaw: a CPU profiler that shows why threads wait, and does not freeze the machine.",
       .commands = kCommands},
      argc, argv);
}
