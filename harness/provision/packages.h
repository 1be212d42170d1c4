#pragma once
// From apt's package lists to kernels. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/kernel.h"

namespace lab {

/// One package file of a kernel.
struct PackageFile {
  std::string name;
  std::string version;
  std::string sha256;  ///< empty when the index has another digest or none
  uint64_t size_bytes = 0;
  std::string sha512;     ///< empty when the index has another digest
  std::string location;   ///< where it lies, below the repository's address; empty for apt
  std::string signature;  ///< detached, as base64; empty when the index holds none
};

/// A kernel and the packages that hold its files, in no order.
struct PackagedKernel {
  KernelRef ref;
  std::vector<PackageFile> packages;

  uint64_t size_bytes() const;
};

/// The kernels in one Packages file of Debian: those named linux-image-RELEASE of the flavours
/// amd64, cloud-amd64 and rt-amd64, each with the packages of the same release that it depends on.
/// Packages without SHA-256 are left out: nothing could vouch for them.
std::vector<PackagedKernel> kernels_in(std::string_view packages_file, std::string_view suite);

}  // namespace lab
