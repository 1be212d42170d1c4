#pragma once
// A kernel, before and after it is on disk.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/provision/version.h"
#include "profiler/base/unique_fd.h"

namespace lab {

/// One kernel of a catalogue. Cheap to copy; nothing is downloaded yet unless `cached`.
struct KernelRef {
  std::string provider;  ///< "debian", "local", "running" or a repository's: "fedora"
  std::string release;   ///< uname -r as the package name tells it: "6.17.8+deb13-cloud-amd64"
  std::string package;   ///< "linux-image-6.17.8+deb13-cloud-amd64"; a path for local kernels
  std::string version;   ///< package version "6.17.8-1~bpo13+1"; empty for local kernels
  std::string suite;     ///< "trixie-backports", a repository's name; empty for local kernels
  bool cached = false;
  VersionOrder order = VersionOrder::Debian;  ///< of `version`
};

/// A kernel on disk, unpacked in the cache. Owned by the cache, which keeps it as long as a copy of
/// `in_use` lives anywhere.
struct KernelImage {
  KernelRef ref;
  std::filesystem::path vmlinuz;
  std::filesystem::path config;   ///< empty when the package has none
  std::filesystem::path modules;  ///< the directory lib/modules/<release>; empty when there is none
  std::string sha256;             ///< of vmlinuz
  std::shared_ptr<const thaw::UniqueFd> in_use;  ///< a shared lock; null outside the cache
};

}  // namespace lab
