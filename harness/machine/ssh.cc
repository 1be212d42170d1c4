// One connection for all: what is to be copied goes first, as a tar of known length, then the same
// stream carries the frames. The agent says hello before anything is sent to it, so it does not
// matter if `head` on the other side reads ahead.
//
// ssh gets a socket pair of ours as its stdin and stdout; a shell in between puts it there, since
// Process gives descriptors from 3 on.

#include "harness/machine/ssh.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "harness/machine/process.h"
#include "profiler/base/files.h"
#include "profiler/base/words.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::ErrorKind;
using thaw::fail;
using thaw::Result;
using thaw::Status;
using thaw::UniqueFd;

namespace {

constexpr int kTickMs = 20;
// A few MiB over a slow line; a network that takes nothing for this long is not there.
constexpr int kStuckMs = 60'000;
// The agent needs a moment to end what it started and to remove its directory.
constexpr int kGraceMs = 3000;

class Ssh final : public Machine {
 public:
  Ssh(Process process, UniqueFd agent, fs::path log, const SshOptions& options)
      : process_(std::move(process)),
        agent_(std::move(agent)),
        log_(std::move(log)),
        name_("ssh:" + options.target.host),
        emulator_(options.emulator) {}

  int agent_fd() const override { return agent_.get(); }
  thaw::Pid pid() const override;
  Result<std::string> version() override { return "none (" + name_ + ")"; }
  std::optional<std::string> ending() override;
  Result<std::vector<thaw::Tid>> cpu_threads() override;
  Status inject_nmi() override { return cannot("send NMIs to it"); }
  Result<std::string> registers() override { return cannot("read its registers"); }
  Status save(const fs::path&) override { return cannot("save it"); }
  void kill() override;

 private:
  std::unexpected<thaw::Error> cannot(std::string_view what) const {
    return fail(ErrorKind::Environment, "{} is a real machine: nobody can {} from outside", name_,
                what);
  }

  Process process_;
  UniqueFd agent_;
  fs::path log_;
  std::string name_;
  fs::path emulator_;
};

/// Of the emulator, where there is one: what is watched is its threads.
thaw::Pid Ssh::pid() const {
  const auto text = thaw::read_file(emulator_);
  const int pid = text ? std::atoi(text->c_str()) : 0;
  return thaw::Pid(pid > 0 ? pid : process_.pid());
}

Result<std::vector<thaw::Tid>> Ssh::cpu_threads() {
  std::vector<thaw::Tid> threads;
  if (emulator_.empty()) return threads;
  std::map<int, thaw::Tid> by_cpu;
  std::error_code ignored;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid()), ignored)) {
    const std::string name = thaw::read_file(task.path() / "comm").value_or("");
    int cpu = 0;
    if (std::sscanf(name.c_str(), "CPU %d/", &cpu) == 1)
      by_cpu.emplace(cpu, thaw::Tid(std::atoi(task.path().filename().c_str())));
  }
  for (const auto& [cpu, thread] : by_cpu) threads.push_back(thread);
  if (!threads.empty()) return threads;
  return fail(ErrorKind::Environment,
              "{}: there is no QEMU with named threads; start it with -name NAME,debug-threads=on",
              emulator_.string());
}

std::string last_words(const fs::path& log) {
  auto text = thaw::read_file(log);
  if (!text) return "";
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  return text->substr(text->rfind('\n') + 1);  // npos + 1 is 0
}

std::optional<std::string> Ssh::ending() {
  const auto code = process_.exit_code();
  if (!code) return std::nullopt;
  if (*code == 0) return "";
  return fmt::format("exit {}: {}", *code, last_words(log_));
}

void Ssh::kill() {
  // Its end of the stream: the agent over there cleans up when it sees the end of it.
  ::shutdown(agent_.get(), SHUT_RDWR);
  for (int waited = 0; waited < kGraceMs && !process_.exit_code(); waited += kTickMs)
    ::poll(nullptr, 0, kTickMs);
  process_.kill();
}

/// Into a file, so that its length is known before the first byte goes.
Result<fs::path> pack(const SshOptions& options) {
  fs::path archive = options.directory / "remote.tar";
  Process tar = TRY(Process::start({.command = {"tar", "--create", "--file", archive.string(),
                                                "--directory", options.tree.string(), "."},
                                    .output = options.directory / "ssh.log",
                                    .descriptors = {}}));
  while (!tar.exit_code()) ::poll(nullptr, 0, 1);
  if (tar.exit_code() != 0)
    return fail(ErrorKind::Environment, "cannot pack {}: {}", options.tree.string(),
                last_words(options.directory / "ssh.log"));
  return archive;
}

/// What the other side runs. /var/tmp: on a disk as a rule, and seldom mounted noexec.
std::string script_for(uintmax_t archive_bytes) {
  return fmt::format(
      "set -e; d=$(mktemp -d /var/tmp/thaw-lab.XXXXXX); cd \"$d\"; "
      "head -c {} | tar -x -f - || {{ cd /; rm -rf \"$d\"; exit 69; }}; "
      "if [ \"$(id -u)\" = 0 ]; then exec ./thaw-agent --serve; "
      "else sudo -n ./thaw-agent --serve || {{ cd /; rm -rf \"$d\"; exit 69; }}; fi",
      archive_bytes);
}

Status send_all(int fd, std::string_view bytes, Process& process) {
  int stuck_ms = 0;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      stuck_ms = 0;
      continue;
    }
    if ((errno != EAGAIN && errno != EINTR) || process.exit_code())
      return fail(ErrorKind::Environment, "the connection ended while files were copied");
    if (stuck_ms >= kStuckMs)
      return fail(ErrorKind::Environment, "nothing could be copied for {} s", kStuckMs / 1000);
    pollfd room{fd, POLLOUT, 0};
    if (::poll(&room, 1, kTickMs) == 0) stuck_ms += kTickMs;
  }
  return {};
}

}  // namespace

std::string SshTarget::name() const {
  const size_t at = host.rfind('@');
  return at == std::string::npos ? host : host.substr(at + 1);
}

Result<SshTarget> parse_ssh(std::string_view text) {
  constexpr std::string_view kSsh = "ssh:";
  const auto wrong = [&] {
    return fail(ErrorKind::User, "--machine {}: it is ssh:[USER@]HOST[:PORT]", text);
  };
  if (!text.starts_with(kSsh)) return wrong();
  std::string_view rest = text.substr(kSsh.size());
  SshTarget target;
  if (const size_t colon = rest.rfind(':'); colon != rest.npos) {
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.begin(), port.end(), target.port);
    if (error != std::errc() || end != port.end() || target.port < 1 || target.port > 65535)
      return wrong();
    rest = rest.substr(0, colon);
  }
  target.host = rest;
  // A word that begins with - would be an option of ssh's.
  const std::string name = target.name();
  if (name.empty() || target.host.starts_with('-') || target.host.starts_with('@') ||
      target.host.find_first_of(" \t/:") != std::string::npos)
    return wrong();
  return target;
}

Result<std::vector<std::string>> ssh_command(const SshTarget& target) {
  const char* other = std::getenv("THAWLAB_SSH");
  std::vector<std::string> words{"ssh"};
  if (other != nullptr && *other != '\0') words = TRY(thaw::split_command(other));
  words.insert(words.end(), {"-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"});
  if (target.port != 0) words.insert(words.end(), {"-p", std::to_string(target.port)});
  words.push_back(target.host);
  return words;
}

Result<std::unique_ptr<Machine>> start_ssh(const SshOptions& options) {
  const fs::path archive = TRY(pack(options));
  const std::string bytes = TRY(thaw::read_file(archive));
  std::error_code ignored;
  fs::remove(archive, ignored);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return thaw::fail_errno(errno, "cannot make a socket pair");
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  std::vector<std::string> words = TRY(ssh_command(options.target));
  words.push_back(script_for(bytes.size()));
  const fs::path log = options.directory / "ssh.log";
  Process process = TRY(Process::start(
      {.command = {"sh", "-c", "exec " + thaw::join_command(words) + " <&3 >&3 3<&-"},
       .output = log,
       .descriptors = {theirs.get()}}));
  theirs.reset();
  if (auto sent = send_all(ours.get(), bytes, process); !sent) {
    for (int waited = 0; waited < kGraceMs && !process.exit_code(); waited += kTickMs)
      ::poll(nullptr, 0, kTickMs);
    const std::string words_of_ssh = last_words(log);
    return fail(ErrorKind::Environment, "{}: {}", options.target.host,
                words_of_ssh.empty() ? sent.error().message : words_of_ssh);
  }
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  return std::make_unique<Ssh>(std::move(process), std::move(ours), log, options);
}

}  // namespace lab
