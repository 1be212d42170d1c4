#pragma once
// Debian userlands for subjects that need one: a read-only ext4 image, made once with mmdebstrap
// and kept by content.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/provision/sources.h"
#include "profiler/base/errors.h"

namespace lab {

/// What "debian:SUITE+PACKAGE+…" means.
struct UserlandSpec {
  std::string suite;
  std::vector<std::string> packages;  ///< sorted, each once
};

/// Fails with User at anything else. Pure.
thaw::Result<UserlandSpec> parse_userland(std::string_view text);

struct UserlandOptions {
  std::filesystem::path cache;                     ///< as Catalogue's
  std::function<void(std::string_view)> progress;  ///< one sentence per step; may be unset
  Mirrors mirrors;  ///< empty: taken from this machine's own apt configuration
};

struct Userland {
  std::filesystem::path disk;         ///< ext4, for any number of guests at once
  std::filesystem::path description;  ///< JSON: what was asked for, every package with its version
  bool was_kept = false;
};

/// The image of `spec` as the mirrors have its packages today (asked once a day): kept ones in a
/// few milliseconds, others in half a minute, for which root and mmdebstrap are needed. Callers of
/// one cache take turns. Fails with Environment when it cannot be made, with User when the suite
/// has no such package.
thaw::Result<Userland> make_userland(const UserlandSpec& spec, const UserlandOptions& options);

/// The name that a kept image has. Pure.
std::string userland_key(const UserlandSpec& spec, std::string_view mirror_state);

}  // namespace lab
