// A machine file is consent to boot kernels, but it may lie around and the machine be somebody's
// again: so its name is asked for like before a case that may freeze it.

#include "harness/commands/metal.h"

#include <algorithm>
#include <map>

#include "harness/commands/remote.h"
#include "harness/run/remote.h"

namespace lab {

using thaw::Result;

Result<MachineFile> open_machine_file(const std::string& file, const std::string& yes_freeze,
                                      const Programs& programs, std::vector<Case>& cases) {
  MachineFile machine = TRY(load_machine(file));
  for (const Case& test : cases) {
    TRY(check_remote(test, machine.nmi));
    if (const auto plan = plan_remote(test, programs); !plan)
      return std::unexpected(with_context(plan.error(), test.name));
  }
  TRY(get_consent(machine.name(), yes_freeze, {"it is booted into other kernels"}, cases));
  return machine;
}

void group_by_kernel(std::vector<PlannedRun>& plan) {
  std::map<std::string, size_t> first;
  for (const PlannedRun& run : plan) first.try_emplace(run.kernel.release, first.size());
  std::ranges::stable_sort(plan, {},
                           [&](const PlannedRun& run) { return first.at(run.kernel.release); });
}

}  // namespace lab
