// Signals to QEMU, a disk that fills up, files that are cut or spoilt, a host that has no time.
// Everything here happens to a real run; nothing of the lab knows that it is a test.

#include "harness/selftest/faults.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/base/files.h"

namespace lab {

namespace fs = std::filesystem;
using thaw::Status;

namespace {

constexpr double kActAfterS = 1;
constexpr std::chrono::seconds kStoppedFor{3};
constexpr const char* kFiller = "filler";
/// Room for an initramfs (60 MiB with Thaw in it), which is gone again when the load runs.
constexpr const char* kDiskOptions = "size=160m";
constexpr size_t kFlips = 64;

void fill_disk(const fs::path& directory) {
  const thaw::UniqueFd file(
      ::open((directory / kFiller).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string piece(1 << 20, 'x');
  while (file.is_valid() && ::write(file.get(), piece.data(), piece.size()) > 0) {
  }
}

Status flip_bytes(const fs::path& path) {
  std::string bytes = TRY(thaw::read_file(path));
  // Spread over the middle: the head of a file is another error.
  for (size_t i = 0; i < kFlips && bytes.size() > 4 * kFlips; i++)
    bytes[bytes.size() / 4 + i * (bytes.size() / 2 / kFlips)] ^= 0x55;
  return thaw::write_file(path, bytes);
}

}  // namespace

Saboteur::~Saboteur() {
  if (later_.joinable()) {
    later_.request_stop();
    later_.join();
  }
}

void Saboteur::machine(int pid) {
  qemu_ = pid;
  shown_.machine(pid);
}

void Saboteur::heartbeat(double load_s) {
  shown_.heartbeat(load_s);
  if (load_s < kActAfterS || done_) return;
  done_ = true;
  act();
}

void Saboteur::act() {
  switch (fault_) {
    case HostFault::kill_qemu:
      ::kill(qemu_, SIGKILL);
      return;
    case HostFault::stop_qemu_ever:
      ::kill(qemu_, SIGSTOP);
      return;
    case HostFault::stop_qemu:
      ::kill(qemu_, SIGSTOP);
      later_ = std::jthread([pid = qemu_] {
        std::this_thread::sleep_for(kStoppedFor);
        ::kill(pid, SIGCONT);
      });
      return;
    case HostFault::fill_disk:
      return fill_disk(directory_);
    default:
      return;
  }
}

Status spoil_files(HostFault fault, const Evidence& evidence) {
  std::error_code error;
  if (fault == HostFault::cut_console) {
    fs::resize_file(evidence.console, fs::file_size(evidence.console, error) / 2, error);
    if (error)
      return thaw::fail(thaw::ErrorKind::Environment, "cannot cut {}: {}",
                        evidence.console.string(), error.message());
  }
  if (fault == HostFault::spoil_capture && !evidence.capture.empty())
    return flip_bytes(evidence.capture);
  return {};
}

BusyHost::BusyHost(int per_cpu) {
  const long count = per_cpu * ::sysconf(_SC_NPROCESSORS_ONLN);
  for (long i = 0; i < count; i++) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setsid();  // or sched_autogroup gives all of them one program's share
      ::signal(SIGTERM, SIG_DFL);
      for (volatile bool goes_on = true; goes_on;) {
      }
    }
    if (child > 0) processes_.push_back(child);
  }
}

BusyHost::~BusyHost() {
  for (const pid_t process : processes_) ::kill(process, SIGKILL);
  for (const pid_t process : processes_) ::waitpid(process, nullptr, 0);
}

thaw::Result<SmallDisk> SmallDisk::mount(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || ::mount("thaw-selftest", directory.c_str(), "tmpfs", 0, kDiskOptions) != 0)
    return thaw::fail_errno(
        errno, "cannot mount a small disk on " + directory.string() + " (it needs root)");
  return SmallDisk(directory);
}

Status SmallDisk::release() {
  std::error_code error;
  const fs::path aside = directory_.string() + ".kept";
  fs::remove(directory_ / kFiller, error);
  fs::copy(directory_, aside, fs::copy_options::recursive, error);
  const bool copied = !error;
  ::umount2(directory_.c_str(), MNT_DETACH);
  if (copied) {
    fs::remove(directory_, error);
    fs::rename(aside, directory_, error);
  }
  directory_.clear();
  if (!copied || error)
    return thaw::fail(thaw::ErrorKind::Environment, "cannot keep what lay on the small disk: {}",
                      error.message());
  return {};
}

SmallDisk::~SmallDisk() {
  if (!directory_.empty()) ::umount2(directory_.c_str(), MNT_DETACH);
}

}  // namespace lab
