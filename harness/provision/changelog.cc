// Reads the form that Debian's kernel team keeps to:
//
//   linux (6.16.3-1) unstable; urgency=medium
//     * New upstream stable update:
//       https://www.kernel.org/pub/linux/kernel/v6.x/ChangeLog-6.16.3
//       - one change, which may go on
//         in the next line
//         + a part of it
//     [ Somebody ]
//     * another change
//    -- Somebody <…>  date
//
// The image packages are signed ones: their first entry is that of linux-signed-amd64, whose
// version differs in one character from the kernel's and which names the latter in its first line.

#include "harness/provision/changelog.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "harness/provision/version.h"

namespace lab {

namespace {

constexpr std::string_view kSigned = "Sign kernel from linux ";

// What this lab's cases are about; in lower case, and whole words.
constexpr std::array<std::string_view, 9> kNotable = {"bpf",         "rqspinlock", "ringbuf",
                                                      "ring buffer", "nmi",        "qspinlock",
                                                      "perf",        "locking",    "tracing"};

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())) != 0)
    line.remove_prefix(1);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0)
    line.remove_suffix(1);
  return line;
}

bool is_word_at(std::string_view text, size_t at, size_t size) {
  const auto is_letter = [&](size_t i) {
    return i < text.size() && std::isalpha(static_cast<unsigned char>(text[i])) != 0;
  };
  return (at == 0 || !is_letter(at - 1)) && !is_letter(at + size);
}

bool is_notable(std::string_view change) {
  std::string lower(change);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view word : kNotable)
    for (size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1))
      if (is_word_at(lower, at, word.size())) return true;
  return false;
}

/// "linux (6.16.3-1) unstable; …" gives the version; anything else nothing.
std::string_view version_in_head(std::string_view line) {
  const size_t open = line.find(" (");
  const size_t close = line.find(')');
  if (line.starts_with(' ') || open == std::string_view::npos || close == std::string_view::npos ||
      close < open)
    return {};
  return line.substr(open + 2, close - open - 2);
}

/// The version in ".../ChangeLog-6.16.3" and "* New upstream release: …/Linux_6.16"; else nothing.
std::string_view upstream_in(std::string_view words) {
  const bool is_link = words.starts_with("http") || words.find("New upstream") != words.npos;
  for (const std::string_view mark : {"/ChangeLog-", "/Linux_"})
    if (const size_t at = words.find(mark); is_link && at != words.npos)
      return words.substr(at + mark.size());
  return {};
}

/// Lines of one entry to its changes: a bullet begins one, deeper lines without go on.
void add_line(ChangelogEntry& entry, std::string_view line, bool& goes_on) {
  const std::string_view words = trimmed(line);
  if (words.empty() || words.starts_with('[')) {
    goes_on = false;
  } else if (const std::string_view version = upstream_in(words); !version.empty()) {
    entry.upstream.emplace_back(version);
    goes_on = false;
  } else if (words.size() > 2 && words[1] == ' ' && std::string_view("*-+").contains(words[0])) {
    const std::string_view change = words.substr(2);
    if (change.starts_with(kSigned)) entry.version = change.substr(kSigned.size());
    goes_on = !change.starts_with(kSigned) && !change.ends_with(':');
    if (goes_on) entry.changes.emplace_back(change);
  } else if (goes_on && !entry.changes.empty()) {
    entry.changes.back().append(" ").append(words);
  }
}

}  // namespace

std::vector<ChangelogEntry> parse_changelog(std::string_view text) {
  std::vector<ChangelogEntry> entries;
  bool goes_on = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (const std::string_view version = version_in_head(line); !version.empty()) {
      entries.push_back({.version = std::string(version)});
      goes_on = false;
    } else if (!entries.empty() && !line.starts_with(" --")) {
      add_line(entries.back(), line, goes_on);
    }
  }
  return entries;
}

ChangelogDigest changes_between(const std::vector<ChangelogEntry>& entries, std::string_view older,
                                std::string_view newer) {
  ChangelogDigest digest;
  const std::string after = source_version(older);
  const std::string up_to = source_version(newer);
  for (const ChangelogEntry& entry : entries) {
    const std::string version = source_version(entry.version);
    if (compare_versions(version, after) <= 0 || compare_versions(version, up_to) > 0) continue;
    if (std::ranges::find(digest.versions, version) == digest.versions.end())
      digest.versions.push_back(version);
    digest.upstream.insert(digest.upstream.end(), entry.upstream.rbegin(), entry.upstream.rend());
    for (const std::string& change : entry.changes)
      (is_notable(change) ? digest.notable : digest.others).push_back(change);
  }
  return digest;
}

}  // namespace lab
