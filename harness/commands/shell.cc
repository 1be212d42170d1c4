// `thawlab shell`: boots a kernel with nothing to do in it and lends it the person's terminal; or
// enters a guest that `thawlab run --keep` has kept.

#include <poll.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>

#include "harness/commands/command.h"
#include "harness/commands/keep.h"
#include "harness/commands/start.h"
#include "harness/commands/terminal.h"
#include "harness/machine/machine.h"
#include "harness/provision/userland.h"
#include "harness/run/accelerator.h"
#include "harness/run/conversation.h"
#include "harness/run/shell_plan.h"
#include "profiler/base/time.h"

namespace lab {

using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string kernel;
  std::string attach;
  std::string image;
  std::string forward;  ///< "2222:22"
  int cpus = MachineSpec{}.cpus;
  int memory_mib = MachineSpec{}.memory_mib;
};

void say(std::string_view words) {
  fmt::print(stderr, "{}\n", words);
}

/// console.log and the rest, for as long as the guest runs.
class Scratch {
 public:
  static Result<Scratch> make() {
    std::string name = (fs::temp_directory_path() / "thawlab-shell-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      return thaw::fail_errno(errno, fmt::format("cannot make {}", name));
    return Scratch(name);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

struct Boot {
  KernelImage kernel;
  std::string accelerator;
  fs::path disk;
  fs::path initramfs;
};

/// "2222:22" as ports here and there.
Result<std::map<int, int>> parse_forward(const std::string& text) {
  if (text.empty()) return std::map<int, int>();
  int here = 0, there = 0;
  char rest = 0;
  const bool is_pair = std::sscanf(text.c_str(), "%d:%d%c", &here, &there, &rest) == 2;
  if (!is_pair || here < 1 || here > 65535 || there < 1 || there > 65535)
    return fail(ErrorKind::User, "--forward {}: it is PORT_HERE:PORT_OF_GUEST", text);
  return std::map<int, int>{{here, there}};
}

Result<Boot> prepare(const Options& options, const fs::path& directory) {
  const Workplace place = TRY(Workplace::open());
  const auto kernels = TRY(place.catalogue.resolve(options.kernel));
  Boot boot{.kernel = TRY(place.catalogue.fetch(kernels.front())),
            .accelerator = {},
            .disk = {},
            .initramfs = directory / "initramfs.cpio"};
  if (kernels.size() > 1)
    say(fmt::format("{} kernels match; taking {}", kernels.size(), boot.kernel.ref.release));
  if (!options.image.empty())
    boot.disk = TRY(make_userland(TRY(parse_userland(options.image)),
                                  {.cache = place.cache, .progress = say, .mirrors = {}}))
                    .disk;
  boot.accelerator = TRY(choose_accelerator(boot.kernel, place.programs, place.cache)).name;
  GuestPlan plan = TRY(plan_shell(place.programs, !options.image.empty()));
  plan.files.push_back(
      {.path = kPlanPath, .source = {}, .content = to_json(plan.agent), .mode = 0644});
  InitramfsSpec spec{.agent = place.programs.agent, .files = std::move(plan.files)};
  if (!boot.disk.empty())
    spec.modules.insert(spec.modules.end(), kDiskModules.begin(), kDiskModules.end());
  if (!options.forward.empty()) spec.modules.emplace_back("virtio_net");
  spec.cache = place.cache / "initramfs";
  TRY(build_initramfs(boot.kernel, spec, boot.initramfs));
  return boot;
}

/// Until the agent says hello.
Status wait_for_hello(Machine& machine, Conversation& talk, const std::atomic<bool>& cancelled) {
  const int64_t end_ns = thaw::monotonic_ns() + thaw::Nanoseconds(RunLimits{}.boot).count();
  while (!talk.hello) {
    pollfd agent{machine.agent_fd(), POLLIN, 0};
    ::poll(&agent, 1, 20);
    TRY(talk.listen(machine.agent_fd()));
    if (cancelled) return fail(ErrorKind::Environment, "interrupted");
    if (const auto ending = machine.ending(); ending || thaw::monotonic_ns() > end_ns)
      return fail(ErrorKind::Environment, "the guest did not boot{}{}",
                  ending && !ending->empty() ? ": " : "", ending.value_or(""));
  }
  return {};
}

Result<int> enter(Machine& machine, const std::atomic<bool>& cancelled) {
  const auto code = TRY(run_shell({.fd = machine.agent_fd(), .is_over = [&] {
                                     std::optional<std::string> reason;
                                     if (cancelled) reason = "interrupted";
                                     if (const auto ending = machine.ending())
                                       reason = ending->empty() ? "the guest is off"
                                                                : "the guest is gone: " + *ending;
                                     return reason;
                                   }}));
  return cancelled ? 130 : code.value_or(0);
}

Result<int> boot_and_enter(const Options& options, const std::atomic<bool>& cancelled) {
  TRY(parse_forward(options.forward));
  Scratch scratch = TRY(Scratch::make());
  const Boot boot = TRY(prepare(options, scratch.path()));
  say(fmt::format("booting {} ({}); Ctrl-] or the end of the shell ends it",
                  boot.kernel.ref.release, boot.accelerator));
  const auto machine = TRY(start_qemu({.vmlinuz = boot.kernel.vmlinuz,
                                       .initramfs = boot.initramfs,
                                       .disk = boot.disk,
                                       .forwards = TRY(parse_forward(options.forward)),
                                       .kernel_parameters = kernel_parameters(),
                                       .cpus = options.cpus,
                                       .memory_mib = options.memory_mib,
                                       .cpu = MachineSpec{}.cpu,
                                       .accelerator = boot.accelerator,
                                       .agent_port = kAgentPort,
                                       .directory = scratch.path()}));
  Conversation talk = TRY(Conversation::open(scratch.path()));
  talk.keeps = true;  // with no case to play its goodbye may come together with its hello
  if (auto hello = wait_for_hello(*machine, talk, cancelled); !hello) {
    if (cancelled) return 130;
    const fs::path console = scratch.path() / "console.log";
    scratch.keep();
    return std::unexpected(
        with_context(std::move(hello).error(), "its console is " + console.string()));
  }
  return enter(*machine, cancelled);
}

Result<int> run(const Options& options) {
  const std::atomic<bool>& cancelled = listen_to_signals();
  if (options.attach.empty() == options.kernel.empty())
    return fail(ErrorKind::User,
                "say which kernel to boot (--kernel 6.12), or which kept guest to "
                "enter (--attach DIR)");
  if (options.attach.empty()) return boot_and_enter(options, cancelled);
  const thaw::UniqueFd guest = TRY(connect_to_kept(options.attach));
  const auto code =
      TRY(run_shell({.fd = guest.get(), .is_over = [&]() -> std::optional<std::string> {
                       return cancelled ? std::optional<std::string>("interrupted") : std::nullopt;
                     }}));
  return cancelled ? 130 : code.value_or(0);
}

std::function<Result<int>()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("-k,--kernel", options->kernel,
                 "Kernel to boot: 6.12, 'debian:6.1*' (the newest), local:PATH")
      ->type_name("PATTERN");
  app.add_option("--attach", options->attach,
                 "Enter the guest that `thawlab run --keep` keeps in this run's directory")
      ->type_name("DIR");
  app.add_option("--image", options->image,
                 "Debian userland with bash, debian:SUITE+PACKAGE+…; without it busybox")
      ->type_name("IMAGE");
  app.add_option("--forward", options->forward,
                 "This TCP port of 127.0.0.1 leads to that one of the guest, for a server in it, "
                 "such as 2222:22; the guest's network leads nowhere else")
      ->type_name("PORT:PORT");
  app.add_option("--cpus", options->cpus, "CPUs of the guest")
      ->check(CLI::Range(1, 255))
      ->capture_default_str();
  app.add_option("--memory", options->memory_mib, "MiB of the guest")
      ->check(CLI::Range(128, 1 << 20))
      ->capture_default_str();
  app.footer(
      "The guest has thaw and the workloads (/workloads). Ctrl-] leaves: a guest that was booted "
      "for the shell ends, a kept one stays.\n"
      "Exit code: the shell's own; 2 usage; 69 when the guest could not be had or was lost; "
      "130 interrupted.");
  return [options] { return run(*options); };
}

}  // namespace

const Command kShellCommand{"shell", "boot a kernel and get a shell in it, or enter a kept guest",
                            setup};

}  // namespace lab
