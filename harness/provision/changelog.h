#pragma once
// Debian's changelog of a kernel: what changed between two package versions. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace lab {

struct ChangelogEntry {
  std::string version;                ///< "6.17.8-1"
  std::vector<std::string> upstream;  ///< stable versions taken in: "6.17.8"
  std::vector<std::string> changes;   ///< one line each
};

/// Newest first, as they stand there. Lines that fit no form are left out: a changelog is written
/// by people.
std::vector<ChangelogEntry> parse_changelog(std::string_view text);

struct ChangelogDigest {
  std::vector<std::string> versions;  ///< package versions, newest first
  std::vector<std::string> upstream;  ///< newest first
  std::vector<std::string> notable;   ///< changes that speak of BPF, its ring buffer, NMIs or locks
  std::vector<std::string> others;
};

/// Entries after `older`, up to and with `newer`; package versions, with or without the mark of a
/// rebuild.
ChangelogDigest changes_between(const std::vector<ChangelogEntry>& entries, std::string_view older,
                                std::string_view newer);

}  // namespace lab
