// The shell of a kept guest or of `thawlab shell`.

#include "harness/run/shell_plan.h"

#include "harness/provision/closure.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;

namespace {

constexpr const char* kBusybox = "/bin/busybox";

Status add_busybox(GuestPlan& plan) {
  const auto files = closure("busybox");
  if (!files || files->size() != 1)
    return thaw::fail(
        ErrorKind::Environment,
        "a shell in a guest without a userland is busybox, and there is no static one "
        "here; install busybox-static (ci/setup does), or name an image");
  // Where the subject has a disk as its root, the shell is in there with it.
  const std::string over = plan.agent.root.empty() ? "" : kOverlay;
  plan.files.push_back({.path = over + kBusybox, .source = files->front(), .content = {}});
  // Its applets get names, for scripts and for which(1); it would find them itself.
  plan.agent.shell = {kBusybox, "sh", "-c",
                      fmt::format("{0} --install -s /bin 2>/dev/null; exec {0} sh -l", kBusybox)};
  return {};
}

}  // namespace

Status add_shell(GuestPlan& plan, bool has_userland) {
  if (!has_userland) return add_busybox(plan);
  plan.agent.root = kUserland;
  plan.agent.shell = {"/bin/bash", "-l"};
  return {};
}

Result<GuestPlan> plan_shell(const Programs& programs, bool has_userland) {
  GuestPlan plan;
  TRY(add_shell(plan, has_userland));
  const std::string over = has_userland ? kOverlay : "";
  const std::string bin = has_userland ? "/usr/bin/" : "/bin/";
  plan.files.push_back({.path = over + bin + "thaw", .source = programs.thaw, .content = {}});
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(programs.workloads, none)) {
    if (!entry.is_regular_file(none)) continue;
    const std::string name = entry.path().filename();
    plan.files.push_back(
        {.path = over + "/workloads/" + name, .source = entry.path(), .content = {}});
  }
  return plan;
}

}  // namespace lab
