#pragma once
// Which suites to read from which mirrors: images/kernels.toml meets this machine's apt
// configuration.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

struct Suite {
  std::string name;     ///< "trixie-backports"
  std::string archive;  ///< "debian" or "debian-security"
  bool check_valid_until = true;
};

struct Sources {
  std::string keyring;     ///< file of keys; apt accepts no other signature
  bool unsigned_ = false;  ///< for a repository of one's own without signatures; never Debian's
  std::vector<Suite> suites;
};

using Mirrors = std::map<std::string, std::string>;  ///< archive → URI

/// images/kernels.toml as it was when thawlab was built.
extern const std::string_view kKernelsToml;

/// Fails with User at anything it does not know.
thaw::Result<Sources> parse_sources(std::string_view toml);

/// From lines "RELEASE|URI|COMPONENT|ORIGIN" of `apt-get indextargets`. ORIGIN is empty when the
/// machine has no lists yet. Pure.
Mirrors mirrors_in(std::string_view indextargets);

/// Asks apt of this machine. Fails with Environment when it knows no Debian archive.
thaw::Result<Mirrors> machine_mirrors();

/// A sources.list with one line per suite whose archive has a mirror. Pure.
std::string sources_list(const Sources& sources, const Mirrors& mirrors);

}  // namespace lab
