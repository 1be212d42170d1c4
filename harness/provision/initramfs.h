#pragma once
// The guest's whole file system: an initramfs with the agent as /init, the modules that this kernel
// needs to reach virtio devices, and the files of one run.
//
// What the agent finds: /init (itself), /modules.order (paths of modules to load with
// finit_module, one per line, dependencies first; empty when everything is built in), /modules/*.ko
// (not compressed), empty /dev /proc /sys /tmp /run, /dev/console and /dev/null.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

/// One regular file of the guest. Exactly one of `source` and `content` is used.
struct GuestFile {
  std::string path;              ///< absolute, in the guest
  std::filesystem::path source;  ///< host file, symlinks followed; empty: `content`
  std::string content;
  unsigned mode = 0755;
};

struct InitramfsSpec {
  std::filesystem::path agent;  ///< static program, becomes /init
  /// Loaded with what they depend on; those built in are left out. A name that this kernel does
  /// not know at all is an error.
  std::vector<std::string> modules = {"virtio_pci", "virtio_console", "virtio_blk"};
  std::vector<GuestFile> files;
  /// Where the part with agent and modules is kept between runs; empty: nowhere.
  std::filesystem::path cache;
};

/// What a guest with a userland on a disk needs besides the default: its file system is built into
/// Debian's kernels, what lies over it is not.
inline constexpr std::array kDiskModules{"ext4", "overlay"};

struct Initramfs {
  std::filesystem::path file;
  std::vector<std::string> modules;  ///< lines of /modules.order
  uint64_t size_bytes = 0;
};

/// Writes it to `out`: the cached part, then a cpio of `spec.files`. Fails with Corrupt when a
/// module of the cache is not what was unpacked; thread-safe.
thaw::Result<Initramfs> build_initramfs(const KernelImage& kernel, const InitramfsSpec& spec,
                                        const std::filesystem::path& out);

}  // namespace lab
