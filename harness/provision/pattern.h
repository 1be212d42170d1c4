#pragma once
// Kernel patterns: how people and case files name kernels. Pure; knows nothing of disks or mirrors.
//
//   6.12  6.17.8  7  6.1.0-56   a bare version prefix of release or package version, matched at
//                               component borders (6.1 is not 6.12): the one newest kernel
//   6.12-rt  6.17.8-amd64       the same in another flavour than cloud: rt, amd64 (generic)
//   6.1[5-8].*  *-cloud-amd64   a shell glob over release or package version: all that match
//   debian:6.12  local:6.9*     the same within one provider, also of the user's repositories:
//   fedora:6.17  opensuse:6.1*  any lower-case word; their bare prefixes have no flavour
//   local:PATH                  a directory or a vmlinuz; PATH has a slash
//   running                     this host's kernel image

#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/kernel.h"
#include "profiler/base/errors.h"

namespace lab {

/// What `pattern` means among `refs`: one kernel for a bare prefix, all matches for a glob, newest
/// first. `local:PATH` and `running` are returned unread, with an empty release: Catalogue::fetch
/// looks at the disk. Fails with User when the pattern makes no sense, with Environment when
/// nothing matches; that error names the nearest kernels and none is ever taken instead.
thaw::Result<std::vector<KernelRef>> resolve(std::string_view pattern,
                                             const std::vector<KernelRef>& refs);

/// For [[expect]] and for filters: whether the kernel fits, whatever else would fit too. A bare
/// prefix fits every flavour here, unless it names one. `local:…` and `running` never fit, as
/// the provider is not known; use the form below.
bool matches(std::string_view pattern, std::string_view release, std::string_view version);

/// The same with the provider known: `debian:6.12`, `local:PATH` and `running` can fit.
bool matches(std::string_view pattern, const KernelRef& kernel);

/// The flavour of a Debian release: "cloud-amd64", "rt-amd64", "amd64"; empty for any other name.
std::string flavour_of(std::string_view release);

/// The provider that a pattern names; empty when it names none.
std::string provider_of(std::string_view pattern);

/// The order in which lists are read: by version where both are of one order, before that by the
/// numbers that all versions begin with.
bool is_newer(const KernelRef& left, const KernelRef& right);

/// Fails with User when `pattern` cannot be read, whatever kernels there are.
thaw::Status check_pattern(std::string_view pattern);

}  // namespace lab
