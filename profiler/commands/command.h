#pragma once
// The subcommands of thaw: each commands/*.cc defines one, main.cc is the table of them.

#include "profiler/base/command_line.h"

namespace thaw {

extern const Command kCompareCommand;
extern const Command kDoctorCommand;
extern const Command kDumpCommand;
extern const Command kExportCommand;
extern const Command kFidelityCommand;
extern const Command kFreezesCommand;
extern const Command kHtmlCommand;
extern const Command kInfoCommand;
extern const Command kPackCommand;
extern const Command kRecordCommand;
extern const Command kReportCommand;
extern const Command kTimelineCommand;
extern const Command kViewCommand;
extern const Command kWatchCommand;

}  // namespace thaw
