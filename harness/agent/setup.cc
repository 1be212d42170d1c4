// Mounts, modules, power. A kernel without tracefs or bpffs is no failure here: the subject says
// what it misses.

#include "harness/agent/setup.h"

#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "harness/agent/messages.h"
#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {

namespace {

struct Mount {
  const char* type;
  const char* where;
  bool is_needed;
};

constexpr Mount kMounts[] = {
    {"proc", "/proc", true},
    {"sysfs", "/sys", true},
    {"devtmpfs", "/dev", true},
    {"devpts", "/dev/pts", false},
    {"tmpfs", "/run", true},
    {"tracefs", "/sys/kernel/tracing", false},
    {"debugfs", "/sys/kernel/debug", false},
    {"bpf", "/sys/fs/bpf", false},
};

thaw::Status load_module(const std::string& path) {
  const thaw::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_valid()) return thaw::fail_errno(errno, "cannot open " + path);
  if (::syscall(SYS_finit_module, file.get(), "", 0) != 0 && errno != EEXIST)
    return thaw::fail_errno(errno, "cannot load " + path);
  return {};
}

thaw::Status mount_at(const char* what, const char* where, const char* type, unsigned long flags,
                      const std::string& options) {
  if (::mount(what, where, type, flags, options.c_str()) != 0)
    return thaw::fail_errno(errno, fmt::format("cannot mount {} on {}", what, where));
  return {};
}

}  // namespace

thaw::Status mount_system() {
  for (const Mount& mount : kMounts) {
    ::mkdir(mount.where, 0755);
    if (::mount(mount.type, mount.where, mount.type, 0, nullptr) != 0 && mount.is_needed &&
        errno != EBUSY)
      return thaw::fail_errno(errno, fmt::format("cannot mount {}", mount.where));
  }
  return {};
}

thaw::Status mount_scratch(int mib) {
  ::mkdir(kScratch, 01777);
  const std::string options = mib > 0 ? fmt::format("size={}m", mib) : "size=50%";
  return mount_at("tmpfs", kScratch, "tmpfs", 0, options);
}

thaw::Status mount_userland() {
  constexpr const char* kDisk = "/disk";
  constexpr const char* kWritten = "/written";  // a quarter of memory: logs and state, not captures
  for (const char* directory : {kDisk, kWritten, kUserland, kOverlay}) ::mkdir(directory, 0755);
  TRY(mount_at("/dev/vda", kDisk, "ext4", MS_RDONLY, ""));
  TRY(mount_at("tmpfs", kWritten, "tmpfs", 0, "size=25%"));
  const std::string upper = fmt::format("{}/upper", kWritten);
  const std::string work = fmt::format("{}/work", kWritten);
  for (const std::string& directory : {upper, work}) ::mkdir(directory.c_str(), 0755);
  TRY(mount_at("overlay", kUserland, "overlay", 0,
               fmt::format("lowerdir={}:{},upperdir={},workdir={}", kOverlay, kDisk, upper, work)));
  for (const char* shared : {"/proc", "/sys", "/dev", "/run", kScratch}) {
    const std::string there = std::string(kUserland) + shared;
    ::mkdir(there.c_str(), 0755);
    TRY(mount_at(shared, there.c_str(), "", MS_BIND | MS_REC, ""));
  }
  // A file of the case in it may have made it anew.
  const std::string temporary = std::string(kUserland) + "/tmp";
  ::mkdir(temporary.c_str(), 0);
  ::chmod(temporary.c_str(), 01777);
  return {};
}

thaw::Status load_modules() {
  std::istringstream order(TRY(thaw::read_file("/modules.order")));
  for (std::string path; std::getline(order, path);)
    if (!path.empty()) TRY(load_module(path));
  return {};
}

void say_on_console(const char* words) {
  const thaw::UniqueFd log(::open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
  if (log.is_valid())
    static_cast<void>(thaw::write_all(log.get(), fmt::format("thaw-agent: {}\n", words)));
}

void power_off() {
  ::sync();
  ::reboot(RB_POWER_OFF);
  while (true) ::pause();
}

}  // namespace lab
