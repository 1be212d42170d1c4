// Files of a run, under the same names in every run.

#include "harness/run/boot.h"

#include "harness/case/machine_rules.h"
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
/// The kernel tests its ciphers when init runs already, 0.8 s of a CPU of 250 MIPS. A guest whose
/// clock counts instructions is at rest for no time of the host's.
constexpr double kSettleS = 5;
/// On 6.17.8 khugepaged had the agent's memory locked while it waited for a CPU behind a busy load:
/// a heartbeat was late by 970 ms, the recorder's reader stood still for 2.4 s in all.
constexpr const char* kNoHugePages = " transparent_hugepage=never";
/// From 6.17 on the kernel samples which pages are accessed (DAMON), by the bits that the CPU sets
/// in page tables. QEMU sets them when it fills its own TLB, and how large that is depends on how
/// much of it was used in the last 100 ms of the host's clock (tlb_mmu_resize_locked): 6 of 10
/// equal runs of exact-bursts were not, on 6.17.8 and 7.3.
constexpr const char* kNoAccessSampling = " damon_stat.enabled=0";

/// QEMU takes a comma for the end of a value unless there are two.
std::string as_value(std::string text) {
  for (size_t at = 0; (at = text.find(',', at)) != std::string::npos; at += 2) text.insert(at, ",");
  return text;
}

/// The kernel stirs its command line into its random numbers: that is how a seed reaches a guest
/// whose CPU has none of its own.
std::string parameters_of(const RunRequest& request) {
  if (!request.test.machine.is_deterministic) return kernel_parameters();
  return fmt::format("{}{}{} thaw.seed={}", kernel_parameters(), kNoHugePages, kNoAccessSampling,
                     request.test.run.seed);
}

std::vector<std::string> plugins_of(const RunRequest& request) {
  const MachineSpec& machine = request.test.machine;
  // Deterministic guests have it even if it counts nothing: it keeps a busy host out of their
  // turns.
  if (machine.oracle == OracleCounts::nothing && !machine.is_deterministic) return {};
  return {fmt::format("{},out={},what={},turns={}", as_value(request.programs.oracle),
                      as_value(request.directory / kOracleCounts), name_of(machine.oracle),
                      machine.is_deterministic ? "on" : "off")};
}
}  // namespace

Result<fs::path> build_boot(const RunRequest& request, bool await_trial) {
  Case test = request.test;
  if (await_trial) test.run.duration_s = kLongLifeS;
  GuestPlan plan = TRY(plan_guest(test, request.programs));
  plan.agent.duration_s = request.test.run.duration_s;
  plan.agent.await_trial = await_trial;
  plan.agent.mishap = request.agent_mishap;
  // Whether an oracle listens makes no difference to a deterministic guest.
  if (test.machine.is_deterministic) plan.agent.settle_s = kSettleS;
  plan.agent.has_marks = needs_tcg(test);
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

std::map<std::string, fs::path> guest_sources(const RunRequest& request) {
  std::map<std::string, fs::path> sources{{"/init", request.programs.agent}};
  const auto plan = plan_guest(request.test, request.programs);
  if (!plan) return sources;
  for (const GuestFile& file : plan->files)
    if (!file.source.empty()) sources.emplace(file.path, file.source);
  return sources;
}

MachineOptions machine_options(const RunRequest& request, const fs::path& initramfs) {
  const MachineSpec& spec = request.test.machine;
  return {.vmlinuz = request.kernel.vmlinuz,
          .initramfs = initramfs,
          .disk = request.userland,
          .kernel_parameters = parameters_of(request),
          .cpus = spec.cpus,
          .memory_mib = spec.memory_mib,
          .cpu = spec.cpu,
          .accelerator = request.accelerator,
          .agent_port = kAgentPort,
          .seed = request.test.run.seed,
          .is_deterministic = spec.is_deterministic,
          .plugins = plugins_of(request),
          // A plugin is loaded too late to be asked for ppoll(): see oracle/turns.cc.
          .preload = spec.is_deterministic ? request.programs.oracle : fs::path(),
          .directory = request.directory,
          .restore_from = {}};
}

}  // namespace lab
