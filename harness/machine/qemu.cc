// QEMU as a Machine. The guest has what a capture needs and nothing else: CPUs, memory, a serial
// console into a file, one virtio-serial port, a disk to read from where the case has one, a
// network to nowhere where a shell asks for one. No display; -nodefaults because each default
// device is an interrupt source and a reason for two runs to differ.
//
// Monitor and agent are socket pairs made here and inherited: no port to choose, no file to remove.
//
// A deterministic machine is one whose clock counts instructions (-icount) and to which nothing
// comes from outside. Its agent writes into a file, since a socket that is full would make the
// device try again at a time that depends on the host, and the device's doorbell is answered by the
// CPU that rings it (ioeventfd=off) instead of by a thread that comes when it comes.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <mutex>

#include <nlohmann/json.hpp>

#include "harness/machine/guest_memory.h"
#include "harness/machine/machine.h"
#include "harness/machine/process.h"
#include "harness/machine/qmp.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

namespace fs = std::filesystem;
using nlohmann::json;
using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;
using thaw::UniqueFd;

namespace {

constexpr const char* kQemu = "qemu-system-x86_64";
/// Takes 0.4 ms, 9 at worst; a QEMU that takes longer has no CPU, and who waits for it is late too.
constexpr thaw::Milliseconds kPauseLimit(1000);
constexpr int kMonitorFd = 3;
constexpr int kAgentFd = 4;
// The weight of eighty ordinary programs, divided by the CPUs of the host where sessions share
// them: a verdict needs that the vCPUs run. With eight busy programs on two cores, all vCPUs had
// theirs in 51-68 % of the load; at -10 in 1-8 %, and no run could be judged. A real-time class is
// worse: the kernel stops its threads for 50 ms of every second. Root only; others get 0. A
// deterministic guest is the same however long it takes, and is in nobody's way.
constexpr int kNice = -20;
// A file takes what it takes; QEMU counts in bytes a second.
constexpr int64_t kSaveBytesPerS = 100LL << 30;
// A GiB of memory on a busy disk; seen: 0.2 to 1 s.
constexpr int64_t kStateNs = 120'000'000'000;
constexpr useconds_t kStatePollUs = 2000;

struct SocketPair {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<SocketPair> make_sockets() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return thaw::fail_errno(errno, "cannot make a socket pair");
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void add_network(const std::map<int, int>& forwards, std::vector<std::string>& command) {
  std::string network = "user,id=network,restrict=on";
  for (const auto& [here, there] : forwards)
    network += fmt::format(",hostfwd=tcp:127.0.0.1:{}-:{}", here, there);
  command.insert(command.end(),
                 {"-netdev", network, "-device", "virtio-net-pci,netdev=network,romfile="});
}

/// What a machine that boots has more than one that goes on, or the other way round.
std::vector<std::string> start_of(const MachineOptions& options) {
  if (options.restore_from.empty()) return {"-initrd", options.initramfs.string()};
  return {"-incoming", "file:" + options.restore_from.string()};
}

/// Shared by all guests that use it: none can write to it.
void add_disk(const fs::path& disk, std::vector<std::string>& command) {
  const json options{{"driver", "raw"},
                     {"node-name", "disk"},
                     {"read-only", true},
                     {"file", {{"driver", "file"}, {"filename", disk.string()}}}};
  command.insert(command.end(),
                 {"-blockdev", options.dump(), "-device", "virtio-blk-pci,drive=disk"});
}

/// 4 ns an instruction, a CPU of 250 MIPS: what TCG needs a second of the host for is about a
/// second of the guest.
constexpr int kInstructionShift = 2;
/// Any day will do, if it is the same for all runs; certificates and file times are not older.
constexpr const char* kFirstDay = "2026-01-01T00:00:00";

std::string accelerator_of(const MachineOptions& options) {
  if (options.accelerator != "tcg") return options.accelerator;
  // tb-size: 256 MiB of translated code hold a kernel and its load; the default is 1 GiB a guest.
  return fmt::format("tcg,thread={},tb-size=256", options.is_deterministic ? "single" : "multi");
}

void add_clock(const MachineOptions& options, std::vector<std::string>& command) {
  if (!options.is_deterministic) return;
  command.insert(command.end(), {"-icount", fmt::format("shift={},sleep=off", kInstructionShift),
                                 "-rtc", fmt::format("base={},clock=vm", kFirstDay)});
}

void add_agent_port(const MachineOptions& options, std::vector<std::string>& command) {
  const std::string end =
      options.is_deterministic
          ? fmt::format("file,id=agent,path={}", (options.directory / kAgentFile).string())
          : fmt::format("socket,id=agent,fd={}", kAgentFd);
  command.insert(command.end(), {"-device",
                                 fmt::format("virtio-serial-pci,id=serial,max_ports=2{}",
                                             options.is_deterministic ? ",ioeventfd=off" : ""),
                                 "-chardev", end, "-device",
                                 fmt::format("virtserialport,bus=serial.0,chardev=agent,name={}",
                                             options.agent_port)});
}

std::vector<std::string> command_of(const MachineOptions& options) {
  std::vector<std::string> command;
  if (!options.preload.empty())
    command.insert(command.end(), {"env", "LD_PRELOAD=" + options.preload.string()});
  const std::initializer_list<std::string> qemu{
      kQemu,
      "-no-user-config",
      "-nodefaults",
      "-machine",
      "q35,usb=off,smbus=off,sata=off,hpet=off,graphics=off",
      "-accel",
      accelerator_of(options),
      "-cpu",
      options.cpu,
      "-smp",
      std::to_string(options.cpus),
      "-m",
      fmt::format("{}M", options.memory_mib),
      "-seed",
      std::to_string(options.seed & 0xffff'ffff),
      "-display",
      "none",
      "-vga",
      "none",
      "-no-reboot",
      "-chardev",
      fmt::format("socket,id=monitor,fd={}", kMonitorFd),
      "-mon",
      "chardev=monitor,mode=control",
      "-chardev",
      fmt::format("file,id=console,path={}", (options.directory / "console.log").string()),
      "-serial",
      "chardev:console",
      "-kernel",
      options.vmlinuz.string(),
      "-append",
      options.kernel_parameters};
  command.insert(command.end(), qemu);
  add_agent_port(options, command);
  add_clock(options, command);
  for (std::string& word : start_of(options)) command.push_back(std::move(word));
  for (const std::string& plugin : options.plugins)
    command.insert(command.end(), {"-plugin", plugin});
  if (!options.disk.empty()) add_disk(options.disk, command);
  if (!options.forwards.empty()) add_network(options.forwards, command);
  return command;
}

class Qemu final : public Machine {
 public:
  Qemu(Process process, Qmp qmp, UniqueFd agent, fs::path log)
      : process_(std::move(process)),
        qmp_(std::move(qmp)),
        agent_(std::move(agent)),
        log_(std::move(log)) {}

  int agent_fd() const override { return agent_.get(); }
  thaw::Pid pid() const override { return thaw::Pid(process_.pid()); }
  Result<std::string> version() override { return qemu_version(); }
  std::optional<std::string> ending() override;
  std::string shutdown() override { return qmp_.shutdown_reason(); }
  Result<std::vector<thaw::Tid>> cpu_threads() override;
  Status inject_nmi() override;
  Result<std::string> registers() override;
  Status save(const fs::path& file) override;
  /// Of a machine that was started from a saved state: waits until all of it is there.
  Status go_on();
  Status pause() override;
  Status resume() override;
  Status read_memory(uint64_t address, std::span<std::byte> into) override;
  void kill() override { process_.kill(); }

 private:
  Process process_;
  Qmp qmp_;
  UniqueFd agent_;
  fs::path log_;
  std::optional<GuestMemory> memory_;  ///< found when it is first asked for
};

std::string last_words(const fs::path& log) {
  auto text = thaw::read_file(log);
  if (!text) return "";
  while (text->ends_with('\n')) text->pop_back();
  return text->substr(text->rfind('\n') + 1);  // npos + 1 is 0
}

std::optional<std::string> Qemu::ending() {
  const auto code = process_.exit_code();
  if (!code) return std::nullopt;
  if (*code == 0) return "";
  if (*code > 128) return fmt::format("signal {}", *code - 128);
  return fmt::format("exit {}: {}", *code, last_words(log_));
}

Result<std::vector<thaw::Tid>> Qemu::cpu_threads() {
  const json cpus = TRY(qmp_.command("query-cpus-fast", json::object()));
  std::vector<thaw::Tid> threads(cpus.size());
  for (const json& cpu : cpus) {
    const size_t index = cpu.value("cpu-index", size_t{0});
    if (index < threads.size()) threads[index] = thaw::Tid(cpu.value("thread-id", 0));
  }
  return threads;
}

Status Qemu::inject_nmi() {
  TRY(qmp_.command("inject-nmi", json::object()));
  return {};
}

Result<std::string> Qemu::registers() {
  const json text =
      TRY(qmp_.command("human-monitor-command", json{{"command-line", "info registers -a"}}));
  return text.is_string() ? text.get<std::string>() : text.dump();
}

Status Qemu::save(const fs::path& file) {
  TRY(qmp_.command("stop", json::object()));
  // The default of 128 MiB/s is for networks.
  TRY(qmp_.command("migrate-set-parameters", json{{"max-bandwidth", kSaveBytesPerS}}));
  TRY(qmp_.command("migrate", json{{"uri", "file:" + file.string()}}));
  const int64_t deadline_ns = thaw::monotonic_ns() + kStateNs;
  while (thaw::monotonic_ns() < deadline_ns) {
    const json progress = TRY(qmp_.command("query-migrate", json::object()));
    const std::string status = progress.value("status", "");
    if (status == "completed") return {};
    if (status == "failed" || status == "cancelled")
      return thaw::fail(ErrorKind::Environment, "QEMU could not save the machine in {}: {}",
                        file.string(), progress.value("error-desc", "it does not say why"));
    ::usleep(kStatePollUs);
  }
  return thaw::fail(ErrorKind::Environment, "QEMU did not save the machine in {} in time",
                    file.string());
}

Status Qemu::go_on() {
  const int64_t deadline_ns = thaw::monotonic_ns() + kStateNs;
  while (thaw::monotonic_ns() < deadline_ns) {
    const json state = TRY(qmp_.command("query-status", json::object()));
    if (state.value("status", "") != "inmigrate") {
      TRY(qmp_.command("cont", json::object()));
      return {};
    }
    ::usleep(kStatePollUs);
  }
  return thaw::fail(ErrorKind::Environment, "QEMU did not read the machine's saved state in time");
}

Status Qemu::pause() {
  TRY(qmp_.command("stop", json::object(), kPauseLimit));
  return {};
}

Status Qemu::resume() {
  TRY(qmp_.command("cont", json::object()));
  return {};
}

Status Qemu::read_memory(uint64_t address, std::span<std::byte> into) {
  if (!memory_) memory_ = TRY(GuestMemory::find(qmp_, pid()));
  return memory_->read(address, into);
}

}  // namespace

Result<std::unique_ptr<Machine>> start_qemu(const MachineOptions& options) {
  SocketPair monitor = TRY(make_sockets());
  SocketPair agent = TRY(make_sockets());
  const std::vector<std::string> command = command_of(options);
  TRY(thaw::write_file(options.directory / "qemu-command", thaw::join_command(command) + "\n"));
  const fs::path log = options.directory / "qemu.log";
  // There before QEMU, so that it can be read from at once.
  if (options.is_deterministic) TRY(thaw::write_file(options.directory / kAgentFile, ""));
  Process process = TRY(Process::start({.command = command,
                                        .output = log,
                                        .descriptors = {monitor.theirs.get(), agent.theirs.get()},
                                        .nice = options.is_deterministic ? 0 : kNice}));
  monitor.theirs.reset();
  agent.theirs.reset();
  if (options.is_deterministic) {
    const fs::path frames = options.directory / kAgentFile;
    agent.ours.reset(::open(frames.c_str(), O_RDONLY | O_CLOEXEC));
    if (!agent.ours.is_valid()) return thaw::fail_errno(errno, "cannot read " + frames.string());
  }
  ::fcntl(agent.ours.get(), F_SETFL, O_NONBLOCK);
  const auto failed = [&log](thaw::Error error) -> Result<std::unique_ptr<Machine>> {
    const std::string words = last_words(log);
    if (words.empty()) return std::unexpected(std::move(error));
    return thaw::fail(ErrorKind::Environment, "QEMU did not start: {}", words);
  };
  auto qmp = Qmp::open(std::move(monitor.ours));
  if (!qmp) return failed(std::move(qmp).error());
  auto machine =
      std::make_unique<Qemu>(std::move(process), std::move(*qmp), std::move(agent.ours), log);
  if (!options.restore_from.empty())
    if (Status goes = machine->go_on(); !goes) return failed(std::move(goes).error());
  return machine;
}

Result<std::string> qemu_version() {
  static std::mutex mutex;
  static std::string known;
  const std::lock_guard lock(mutex);
  if (!known.empty()) return known;
  const UniqueFd file(::memfd_create("qemu-version", MFD_CLOEXEC));
  if (!file.is_valid()) return thaw::fail_errno(errno, "cannot make an anonymous file");
  const std::string name = fmt::format("/proc/self/fd/{}", file.get());
  auto process = Process::start({{kQemu, "--version"}, name, {}});
  while (process && !process->exit_code()) ::usleep(1000);
  const auto text = thaw::read_file(name);
  if (!process) return std::unexpected(std::move(process).error());
  if (!text) return std::unexpected(text.error());
  constexpr std::string_view kBefore = "version ";
  const size_t at = text->find(kBefore);
  const size_t start = at == std::string::npos ? 0 : at + kBefore.size();
  known = text->substr(start, text->find('\n', start) - start);
  return known;
}

}  // namespace lab
