// Files of a run, under the same names in every run.

#include "harness/run/boot.h"

#include "harness/run/big_subject.h"
#include "harness/run/guest_plan.h"
#include "harness/run/shell_plan.h"
#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::Result;

namespace {
/// A subject that is told how long to run is saved and goes on later: it must not end before the
/// load does, and is told to stop anyway.
constexpr double kLongLifeS = 3600;
}  // namespace

Result<fs::path> build_boot(const RunRequest& request, bool await_trial) {
  Case test = request.test;
  if (await_trial) test.run.duration_s = kLongLifeS;
  GuestPlan plan = TRY(plan_guest(test, request.programs));
  plan.agent.duration_s = request.test.run.duration_s;
  plan.agent.await_trial = await_trial;
  plan.agent.mishap = request.agent_mishap;
  // A disk without an image is that of a big subject.
  if (!request.userland.empty() && plan.agent.root.empty()) move_to_disk(plan);
  if (request.keep) TRY(add_shell(plan, !test.subject.image.empty()));
  const std::string json = to_json(plan.agent);
  TRY(thaw::write_file(request.directory / "agent-plan.json", json + "\n"));
  plan.files.push_back({.path = kPlanPath, .source = {}, .content = json, .mode = 0644});
  InitramfsSpec spec{.agent = request.programs.agent, .files = std::move(plan.files)};
  if (!request.userland.empty()) {
    spec.modules.insert(spec.modules.end(), kDiskModules.begin(), kDiskModules.end());
    std::error_code ignored;
    fs::copy_file(fs::path(request.userland).replace_extension(".json"),
                  request.directory / "userland.json", fs::copy_options::overwrite_existing,
                  ignored);
  }
  if (!request.cache.empty()) spec.cache = request.cache / "initramfs";
  const fs::path initramfs = request.directory / "initramfs.cpio";
  TRY(build_initramfs(request.kernel, spec, initramfs));
  return initramfs;
}

MachineOptions machine_options(const RunRequest& request, const fs::path& initramfs) {
  const MachineSpec& spec = request.test.machine;
  return {.vmlinuz = request.kernel.vmlinuz,
          .initramfs = initramfs,
          .disk = request.userland,
          .kernel_parameters = kernel_parameters(),
          .cpus = spec.cpus,
          .memory_mib = spec.memory_mib,
          .cpu = spec.cpu,
          .accelerator = request.accelerator,
          .agent_port = kAgentPort,
          .seed = request.test.run.seed,
          .directory = request.directory,
          .restore_from = {}};
}

}  // namespace lab
