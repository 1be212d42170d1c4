#pragma once
// The user's own list of where kernels other than Debian's come from. images/README.md tells how it
// is written.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/base/errors.h"

namespace lab {

enum class RepositoryKind {
  Rpm,      ///< repodata/repomd.xml: Fedora, RHEL and its likes, openSUSE
  Arch,     ///< NAME.db: Arch Linux
  Archive,  ///< package files without any index
};

/// What the key has signed, and so what is believed.
enum class Signed {
  Metadata,  ///< the index, which names the digest of every package
  Packages,  ///< each package by itself; the index only says what there is
  Nothing,   ///< a repository of one's own
};

struct Repository {
  std::string provider;  ///< the word before a pattern's colon; several repositories may share it
  std::string name;      ///< unique within the provider; for Arch also of its database
  RepositoryKind kind = RepositoryKind::Rpm;
  std::string url;                    ///< file, http or https; of an archive with {placeholders}
  Signed what = Signed::Metadata;     ///< what is signed
  std::filesystem::path key;          ///< public keys, armored or not; empty when nothing is signed
  std::vector<std::string> packages;  ///< those that hold an image; of an archive all of a kernel
  std::vector<std::string> versions;  ///< of an archive: which there are
  std::map<std::string, std::string> sha256;  ///< of an archive: file name → digest

  /// "fedora 42-updates": for sentences.
  std::string title() const;
};

/// $XDG_CONFIG_HOME/thaw/kernels.toml, else ~/.config/thaw/kernels.toml.
std::filesystem::path default_repositories_file();

/// Fails with User at anything it does not know; `file` is what its sentences name.
thaw::Result<std::vector<Repository>> parse_repositories(std::string_view toml,
                                                         std::string_view file);

}  // namespace lab
