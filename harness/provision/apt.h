#pragma once
// apt-get with a configuration of its own: it neither reads nor changes what the machine's apt
// knows, except for proxies, passwords and time-outs, and needs no root.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "harness/provision/packages.h"
#include "harness/provision/sources.h"
#include "harness/provision/tool.h"
#include "profiler/base/errors.h"

namespace lab {

/// Not for two threads or processes at once: the caller holds a lock around update().
class Apt {
 public:
  /// Writes configuration and sources below `directory`.
  static thaw::Result<Apt> open(const std::filesystem::path& directory, const Sources& sources,
                                const Mirrors& mirrors);

  /// Downloads the package lists and checks their signatures. That some suites could not be had is
  /// told by the returned sentence, not an error, while at least one could.
  thaw::Result<std::string> update() const;

  /// The lists that update() accepted: {suite, file}.
  thaw::Result<std::vector<std::pair<std::string, std::filesystem::path>>> lists() const;

  /// Downloads exact versions into `into` and checks each against the SHA-256 given.
  thaw::Result<std::vector<std::filesystem::path>> download(
      const std::vector<PackageFile>& packages, const std::filesystem::path& into) const;

 private:
  explicit Apt(std::filesystem::path config) : config_(std::move(config)) {}

  std::filesystem::path config_;
};

/// What this machine's apt configuration says about reaching the network, as lines of such a file.
std::string apt_network_settings();

/// First line of apt's that is an error: the last one only says that something failed.
std::string first_complaint(const ToolResult& result);

}  // namespace lab
