// Three naming schemes, told by three families of build scripts:
//
// Fedora and RHEL's likes name a kernel VERSION-RELEASE.ARCH, and a variant +VARIANT after it.
// openSUSE names it VERSION-RELEASE-FLAVOUR, where the last number of the package's release is
// left out: the build service counts rebuilds there, and the kernel was named before.
// Arch has the local version in the package's version with a dot, where the kernel has a hyphen,
// and ends all but the standard kernel with -FLAVOUR.

#include "harness/provision/release_name.h"

#include <cctype>

#include <fmt/format.h>

namespace lab {
namespace {

constexpr std::string_view kKernel = "kernel-", kCore = "-core", kLinux = "linux";

std::string_view without_epoch(std::string_view version) {
  const size_t colon = version.find(':');
  return colon == std::string_view::npos ? version : version.substr(colon + 1);
}

}  // namespace

std::string rpm_release(std::string_view package, std::string_view version) {
  version = without_epoch(version);
  if (package == "kernel" || package == "kernel-core") return fmt::format("{}.x86_64", version);
  std::string_view flavour = package;
  if (flavour.starts_with(kKernel)) flavour.remove_prefix(kKernel.size());
  if (flavour.ends_with(kCore)) {
    flavour.remove_suffix(kCore.size());
    // Oracle's kernel says uek in its version already.
    return fmt::format("{}.x86_64{}", version, flavour == "uek" ? "" : fmt::format("+{}", flavour));
  }
  const size_t hyphen = version.rfind('-'), dot = version.rfind('.');
  if (hyphen != std::string_view::npos && dot != std::string_view::npos && dot > hyphen)
    version = version.substr(0, dot);
  return fmt::format("{}-{}", version, flavour);
}

std::string arch_release(std::string_view package, std::string_view version) {
  std::string release(without_epoch(version));
  // 6.17.5.arch1-1, 6.17.5.zen1-1, 6.16.12.hardened1-1: the part that begins with a letter.
  for (size_t dot = release.find('.'); dot != std::string::npos; dot = release.find('.', dot + 1))
    if (dot + 1 < release.size() && std::isalpha(static_cast<unsigned char>(release[dot + 1])) != 0)
      release[dot] = '-';
  if (package.starts_with(kLinux)) package.remove_prefix(kLinux.size());
  return release + std::string(package);
}

}  // namespace lab
