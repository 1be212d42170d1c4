#pragma once
// A kernel, before and after it is on disk.

#include <filesystem>
#include <string>
#include <vector>

namespace lab {

/// One kernel of a catalogue. Cheap to copy; nothing is downloaded yet unless `cached`.
struct KernelRef {
  std::string provider;  ///< "debian", "local" or "running"
  std::string release;   ///< uname -r as the package name tells it: "6.17.8+deb13-cloud-amd64"
  std::string package;   ///< "linux-image-6.17.8+deb13-cloud-amd64"; a path for local kernels
  std::string version;   ///< package version "6.17.8-1~bpo13+1"; empty for local kernels
  std::string suite;     ///< "trixie-backports"; empty for local kernels
  bool cached = false;
};

/// A kernel on disk, unpacked in the cache. Owned by the cache: valid until it is cleaned.
struct KernelImage {
  KernelRef ref;
  std::filesystem::path vmlinuz;
  std::filesystem::path config;   ///< empty when the package has none
  std::filesystem::path modules;  ///< the directory lib/modules/<release>; empty when there is none
  std::string sha256;             ///< of vmlinuz
};

}  // namespace lab
