// The effects around boot_watch.h: every kernel is booted from the machine's own, once, and after
// the last case on it the machine restarts into its own. So a kernel under test never has to bring
// up the next, and a reset at any moment, whoever does it, leads home.
//
// Before each step that the machine may not survive a line is on this host's disk (attempted.h). A
// session that is resumed asks the machine which boot it is: the one of that line, then the step
// did it no harm and is done again; another, then the step took it down, and that is its verdict.

#include "harness/metal/metal_host.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "harness/machine/ssh.h"
#include "harness/metal/scripts.h"
#include "harness/run/attempt.h"
#include "profiler/base/files.h"
#include "profiler/base/time.h"
#include "profiler/base/words.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;

namespace {

constexpr useconds_t kLookUs = 1'000'000;
constexpr int kShortS = 60;
// 50 MiB of modules over a slow line; an initramfs with every driver on a slow machine.
constexpr int kCopyS = 600;
constexpr int kInstallS = 580;
/// On the command line of every kernel that the lab boots.
constexpr const char* kOursMark = "thaw.guest=1";
constexpr const char* kLastWords = "last-words.txt";

double seconds_since(int64_t start_ns) {
  return static_cast<double>(thaw::monotonic_ns() - start_ns) / 1e9;
}

Evidence failed(thaw::Error error) {
  Evidence evidence;
  evidence.infra = std::move(error);
  return evidence;
}

/// In the words that the judge asks for.
void tell(const Downfall& downfall, Evidence& evidence) {
  // The lost connection, which is how it was noticed.
  evidence.infra.reset();
  evidence.qemu_death.reset();
  evidence.host_load.push_back(downfall.words);
  if (downfall.is_crash) {
    evidence.shutdown = "guest-reset";
  } else {
    evidence.gave_up_waiting = true;
    evidence.hang_proof = downfall.words;
  }
}

void stage(Progress* progress, std::string_view words) {
  if (progress != nullptr) progress->stage(words);
}

std::string last_said(const ConsoleEnd& end) {
  return end.last_line.empty() ? "" : fmt::format("; the console's last words: {}", end.last_line);
}

/// A tree to send: the image and its modules.
Status link_kernel(const KernelImage& kernel, const fs::path& tree) {
  std::error_code error;
  fs::remove_all(tree, error);
  fs::create_directories(tree, error);
  if (!error) fs::create_symlink(kernel.vmlinuz, tree / "vmlinuz", error);
  if (!error && !kernel.modules.empty())
    fs::create_directory_symlink(kernel.modules, tree / "modules", error);
  if (error)
    return fail(ErrorKind::Environment, "cannot make {}: {}", tree.string(), error.message());
  return {};
}

}  // namespace

MetalHost::~MetalHost() = default;

Result<std::unique_ptr<MetalHost>> MetalHost::open(MachineFile file, const fs::path& resumed,
                                                   const std::atomic<bool>& cancelled) {
  std::unique_ptr<MetalHost> host(new MetalHost(std::move(file), cancelled));
  if (!resumed.empty()) host->before_ = AttemptLog(resumed).read();
  TRY(host->begin());
  return host;
}

/// Whether it is there; of a session that is resumed, brings it back when it is not.
Status MetalHost::find() {
  if (const auto seen = there_.look()) {
    now_ = *seen;
    return {};
  }
  const auto is_open = [](const auto& entry) { return entry.second.step != "over"; };
  if (std::ranges::any_of(before_, is_open)) {
    TRY(recover("", 0, nullptr));
    return {};
  }
  // Once more, for ssh's own words.
  TRY(there_.output("true", kShortS));
  return fail(ErrorKind::Environment, "{} answers too slowly", file_.name());
}

Status MetalHost::begin() {
  TRY(find());
  boot_found_ = now_.boot_id;
  const std::string parameters = TRY(there_.output("cat /proc/cmdline", kShortS));
  found_ours_ = parameters.find(kOursMark) != std::string::npos;
  if (found_ours_) boot_of_ours_ = now_.boot_id;
  TRY(go_home(nullptr));
  own_parameters_ = TRY(there_.output(begin_script(), kShortS));
  own_ = now_;
  return {};
}

Status MetalHost::work_in(const fs::path& directory) {
  log_.emplace(directory);
  console_ = TRY(MetalConsole::start(file_.console, file_.file.parent_path(),
                                     directory / "machine-console.log"));
  return {};
}

Sight MetalHost::look(double at_s, uintmax_t console_from) const {
  Sight sight{.at_s = at_s};
  if (const auto seen = there_.look()) {
    sight.boot_id = seen->boot_id;
    sight.release = seen->release;
  }
  sight.has_panicked = !read_end(console_.since(console_from)).crash.empty();
  return sight;
}

Result<MetalHost::Watched> MetalHost::watch_boot(const std::string& release,
                                                 uintmax_t console_from) {
  BootWatch watch(
      {.boot_before = now_.boot_id, .release = release, .timeout_s = file_.boot_timeout_s});
  const int64_t start_ns = thaw::monotonic_ns();
  while (true) {
    if (heeds_cancel_ && cancelled_) return fail(ErrorKind::Environment, "interrupted");
    ::usleep(kLookUs);
    const Sight sight = look(seconds_since(start_ns), console_from);
    const BootState state = watch.see(sight);
    if (state == BootState::waiting) continue;
    if (state == BootState::up || state == BootState::other_kernel)
      now_ = {.boot_id = sight.boot_id, .release = sight.release};
    return Watched{.state = state, .seconds = seconds_since(start_ns)};
  }
}

Status MetalHost::cycle_power() {
  const std::string line = fmt::format(
      "cd {} && {}", thaw::join_command({file_.file.parent_path().string()}), file_.power_cycle);
  const ToolResult result = TRY(run_tool({"timeout", "120", "sh", "-c", line}));
  if (result.exit_code == 0) return {};
  return fail(ErrorKind::Environment, "power_cycle of {} failed with exit code {}: {}",
              file_.name(), result.exit_code, result.last_words());
}

/// Heeds no Ctrl-C: a machine is not left lying.
Result<MetalHost::Recovered> MetalHost::recover(const std::string& boot_lost,
                                                uintmax_t console_from, Progress* progress) {
  Recovery recovery({.boot_lost = boot_lost,
                     .boot_before = boot_lost == now_.boot_id ? "" : now_.boot_id,
                     .has_power_switch = !file_.power_cycle.empty(),
                     .timeout_s = file_.boot_timeout_s});
  stage(progress, "recover");
  const int64_t start_ns = thaw::monotonic_ns();
  Recovered recovered;
  while (true) {
    const Sight sight = look(seconds_since(start_ns), console_from);
    const RecoveryStep step = recovery.see(sight);
    if (step == RecoveryStep::power_cycle) {
      stage(progress, "power cycle");
      // What is said from here on is no longer of the kernel that was lost.
      console_from = console_.size();
      recovered.console_end = std::min(recovered.console_end, console_from);
      if (Status done = cycle_power(); !done) {
        given_up_ = done.error().message;
        return std::unexpected(done.error());
      }
    }
    if (step == RecoveryStep::recovered || step == RecoveryStep::went_on) {
      now_ = {.boot_id = sight.boot_id, .release = sight.release};
      if (step == RecoveryStep::recovered) boot_of_ours_.clear();
      recovered.step = step;
      recovered.power_cycles = recovery.power_cycles();
      return recovered;
    }
    if (step == RecoveryStep::given_up) {
      given_up_ =
          file_.power_cycle.empty()
              ? fmt::format(
                    "{} did not come back within {:.0f} s, and its file has no power_cycle; "
                    "reset it by hand",
                    file_.name(), file_.boot_timeout_s)
              : fmt::format(
                    "{} did not come back after {} power cycles; somebody has to look at it",
                    file_.name(), recovery.power_cycles());
      return fail(ErrorKind::Environment, "{}", given_up_);
    }
    ::usleep(kLookUs);
  }
}

/// Somebody pressed Ctrl-C while it booted: what came up is either kernel.
Status MetalHost::find_after_interruption() {
  TRY(recover("", console_.size(), nullptr));
  is_unknown_ = false;
  const std::string parameters = TRY(there_.output("cat /proc/cmdline", kShortS));
  if (parameters.find(kOursMark) != std::string::npos) boot_of_ours_ = now_.boot_id;
  return {};
}

Status MetalHost::go_home(Progress* progress) {
  if (is_unknown_) TRY(find_after_interruption());
  if (!is_ours() && !must_reboot_) return {};
  stage(progress, "own kernel");
  const uintmax_t from = console_.size();
  const std::string lost = now_.boot_id;
  static_cast<void>(there_.run(reboot_script(), kShortS));
  const bool heeded = std::exchange(heeds_cancel_, false);
  const auto watched = watch_boot(own_.release.empty() ? "?" : own_.release, from);
  heeds_cancel_ = heeded;
  const BootState state = TRY(watched).state;
  if (state != BootState::up && state != BootState::other_kernel) {
    if (state == BootState::never_left && file_.power_cycle.empty())
      return fail(ErrorKind::Environment, "{} does not restart, and its file has no power_cycle",
                  file_.name());
    if (state == BootState::never_left) TRY(cycle_power());
    now_.boot_id = lost;
    TRY(recover(lost, from, progress));
  }
  boot_of_ours_.clear();
  must_reboot_ = false;
  return {};
}

Status MetalHost::install(const KernelImage& kernel, const fs::path& scratch) {
  const std::string& release = kernel.ref.release;
  if (installed_.contains(release)) return {};
  const fs::path tree = scratch / "kernel";
  TRY(link_kernel(kernel, tree));
  TRY(there_.output(announce_script(release), kShortS));
  TRY(there_.send(tree, place_of(release), kCopyS));
  TRY(there_.output(install_script(release, file_.initramfs), kInstallS));
  std::error_code ignored;
  fs::remove_all(tree, ignored);
  installed_.insert(release);
  return {};
}

std::string MetalHost::keep_last_words(const fs::path& directory, const std::string& boot_lost,
                                       const std::string& console_said) {
  std::string said = console_said;
  const std::string stored =
      there_.output(last_words_script(boot_lost), kShortS).value_or(std::string());
  std::error_code ignored;
  const fs::path console = directory / "console.log";
  if (!stored.empty()) static_cast<void>(thaw::write_file(directory / kLastWords, stored));
  const std::string heard = thaw::read_file(console).value_or("");
  // The agent sent the kernel's log as long as it could: the machine's console says it again.
  if (!heard.empty() && !said.empty()) fs::rename(console, directory / "kernel.log", ignored);
  if (said.empty()) said = heard;
  if (read_end(said).crash.empty() && !read_end(stored).crash.empty()) said += stored;
  static_cast<void>(thaw::write_file(console, said));
  return read_end(said).crash;
}

std::string MetalHost::how_it_came_back(const Recovered& recovered) const {
  return fmt::format("{} runs {} again, {}", file_.name(), now_.release,
                     recovered.power_cycles == 0
                         ? "by itself"
                         : fmt::format("after {} power cycle{}", recovered.power_cycles,
                                       recovered.power_cycles == 1 ? "" : "s"));
}

Result<std::optional<Downfall>> MetalHost::boot(const KernelImage& kernel,
                                                const fs::path& directory, Progress& progress) {
  const std::string& release = kernel.ref.release;
  TRY(go_home(&progress));
  progress.stage("install");
  TRY(install(kernel, directory));
  progress.stage("boot");
  const uintmax_t from = console_.size();
  TRY(there_.output(boot_script(release, parameters_for(own_parameters_, file_)), kShortS));
  is_unknown_ = true;
  const Watched watched = TRY(watch_boot(release, from));
  is_unknown_ = false;
  if (watched.state == BootState::up) {
    boot_of_ours_ = now_.boot_id;
    return std::nullopt;
  }
  if (watched.state == BootState::never_left)
    return fail(ErrorKind::Environment, "{} did not leave its own kernel within {:.0f} s of kexec",
                file_.name(), watched.seconds);
  const ConsoleEnd end = read_end(console_.since(from));
  Recovered recovered{.step = RecoveryStep::recovered};
  if (watched.state != BootState::other_kernel) {
    const auto back = recover("", from, &progress);
    if (!back)
      return Downfall{!end.crash.empty(), "the kernel did not come up: " + back.error().message};
    recovered = *back;
  }
  const std::string crash =
      keep_last_words(directory, "", console_.since(from, recovered.console_end));
  const std::string back = how_it_came_back(recovered);
  if (!crash.empty())
    return Downfall{true, fmt::format("the kernel died while booting: {}; {}", crash, back)};
  if (recovered.power_cycles == 0)
    return Downfall{true, "the kernel did not come up: the machine restarted by itself; " + back};
  return Downfall{false, fmt::format("the kernel did not come up within {:.0f} s{}; {}",
                                     watched.seconds, last_said(end), back)};
}

std::optional<Downfall> MetalHost::bring_back(const RunRequest& request, uintmax_t console_from,
                                              Progress& progress) {
  const std::string lost = now_.boot_id;
  const auto recovered = recover(lost, console_from, &progress);
  // Down it is, whether or not anybody can bring it back.
  if (!recovered)
    return Downfall{!read_end(console_.since(console_from)).crash.empty(),
                    "the machine went down: " + recovered.error().message};
  if (recovered->step == RecoveryStep::went_on) {
    must_reboot_ = true;
    return std::nullopt;
  }
  const std::string crash = keep_last_words(request.directory, lost,
                                            console_.since(console_from, recovered->console_end));
  const std::string back = how_it_came_back(*recovered);
  if (!crash.empty()) return Downfall{true, fmt::format("it went down: {}; {}", crash, back)};
  if (recovered->power_cycles == 0) return Downfall{true, "it restarted without a word; " + back};
  return Downfall{false, back};
}

Evidence MetalHost::play_case(const RunRequest& request, Progress& progress) {
  const uintmax_t from = console_.size();
  Evidence evidence = execute_on(
      [&](const MachineOptions& options) {
        return start_ssh({.target = file_.target,
                          .tree = options.tree,
                          .directory = options.directory,
                          .emulator = file_.emulator});
      },
      request, progress);
  const bool is_lost = !evidence.agent_goodbye && !cancelled_;
  if (const auto downfall = is_lost ? bring_back(request, from, progress) : std::nullopt)
    tell(*downfall, evidence);
  else if (console_.exists())
    static_cast<void>(thaw::write_file(request.directory / "serial.log", console_.since(from)));
  return evidence;
}

/// The very boot was there when this session began, or the one that the step was to bring.
bool MetalHost::outlived(const Attempted& attempted) const {
  return attempted.boot_id == boot_found_ || (attempted.step == "boot" && found_ours_);
}

/// Of a run that an earlier session began, and did not end.
std::optional<Evidence> MetalHost::evidence_before(const std::string& run,
                                                   const RunRequest& request) {
  const auto found = before_.find(run);
  if (found == before_.end()) return std::nullopt;
  const Attempted attempted = found->second;
  before_.erase(found);
  if (attempted.step == "over" || outlived(attempted)) return std::nullopt;
  const std::string crash = keep_last_words(request.directory, attempted.boot_id, "");
  Evidence evidence;
  tell({.is_crash = !crash.empty(),
        .words = fmt::format("it took {} down in the session that was interrupted, at step {}{}; "
                             "not tried again",
                             file_.name(), attempted.step, crash.empty() ? "" : ": " + crash)},
       evidence);
  return evidence;
}

/// Has the kernel run there, and notes what is about to be done. The downfall if it does not come
/// up, now or earlier in the session.
Result<std::optional<Downfall>> MetalHost::make_ready(const std::string& run,
                                                      const RunRequest& request,
                                                      Progress& progress) {
  const std::string& release = request.kernel.ref.release;
  if (const auto fallen = fallen_.find(release); fallen != fallen_.end()) {
    Downfall again = fallen->second;
    again.words += "; not booted again in this session";
    std::error_code ignored;
    fs::copy_file(again.directory / "console.log", request.directory / "console.log", ignored);
    return again;
  }
  if (!is_ours() || now_.release != release || must_reboot_) {
    TRY(log_->note(run, {"boot", now_.boot_id}));
    auto downfall = boot(request.kernel, request.directory, progress);
    // Nothing is known against it: a session that goes on tries it again.
    if (!downfall) static_cast<void>(log_->note(run, {"over", now_.boot_id}));
    std::optional<Downfall> fell = TRY(std::move(downfall));
    if (fell) {
      fell->directory = request.directory;
      fallen_[release] = *fell;
      return fell;
    }
  }
  TRY(log_->note(run, {"case", now_.boot_id}));
  return std::nullopt;
}

Evidence MetalHost::play_now(const std::string& run, RunRequest& request, Progress& progress) {
  if (!given_up_.empty()) return failed({ErrorKind::Environment, given_up_, 0});
  std::error_code error;
  fs::create_directories(request.directory, error);
  if (auto before = evidence_before(run, request)) return std::move(*before);
  auto ready = make_ready(run, request, progress);
  if (!ready) return failed(std::move(ready).error());
  Evidence evidence;
  if (*ready) {
    tell(**ready, evidence);
    return evidence;
  }
  evidence = play_case(request, progress);
  // The machine lives, or its downfall is about to be the verdict.
  static_cast<void>(log_->note(run, {"over", now_.boot_id}));
  return evidence;
}

Evidence MetalHost::play(const std::string& run, RunRequest request, Progress& progress) {
  const int64_t start_ns = thaw::monotonic_ns();
  request.host = file_.name();
  request.accelerator = "none";
  Evidence evidence = play_now(run, request, progress);
  evidence.directory = request.directory;
  evidence.console = request.directory / "console.log";
  evidence.accelerator = request.accelerator;
  evidence.qemu_version = "none (" + file_.name() + ")";
  evidence.console_goes_on = true;
  evidence.wall_s = seconds_since(start_ns);
  return evidence;
}

Result<std::string> MetalHost::close() {
  if (!given_up_.empty()) return fail(ErrorKind::Environment, "{}", given_up_);
  TRY(go_home(nullptr));
  const std::string left = TRY(there_.output(remove_script(), kShortS));
  const auto seen = there_.look();
  if (!seen || seen->release != own_.release)
    return fail(ErrorKind::Environment, "{} had {} and has {} now; look at it", file_.name(),
                own_.release, seen ? seen->release : "no kernel that answers");
  if (!left.empty())
    return fail(ErrorKind::Environment, "{} could not be removed from {}", left, file_.name());
  return fmt::format("{} runs {} again, nothing of the lab is left there", file_.name(),
                     own_.release);
}

}  // namespace lab
