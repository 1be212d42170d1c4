#pragma once
// The subcommands of thawlab: each commands/*.cc defines one, main.cc is the table of them.

#include "profiler/base/command_line.h"

namespace lab {

using thaw::Command;

extern const Command kCompareCommand;
extern const Command kBisectCommand;
extern const Command kBundleCommand;
extern const Command kCaseCommand;
extern const Command kClassifyCommand;
extern const Command kDoctorCommand;
extern const Command kHistoryCommand;
extern const Command kKernelsCommand;
extern const Command kMergeCommand;
extern const Command kPlanCommand;
extern const Command kReplayCommand;
extern const Command kRunCommand;
extern const Command kHuntCommand;
extern const Command kSelftestCommand;
extern const Command kReportCommand;
extern const Command kShellCommand;
extern const Command kShowCommand;
extern const Command kSubmitCommand;

}  // namespace lab
