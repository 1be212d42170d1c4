// Two programs check signatures, each the one that the distribution's own tools rely on: gpgv for
// detached ones, rpmkeys for those inside packages. Neither sees a key but the repository's: gpgv
// gets a keyring of its own and an empty home, rpmkeys a database made here.
//
// gpgv takes no armored keys, and distributions publish no others: the armour (RFC 9580, section 6)
// is base64 between two lines, and comes off here.

#include "harness/provision/signature.h"

#include "harness/provision/tool.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

constexpr std::string_view kBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kEnd = "-----END PGP PUBLIC KEY BLOCK-----";

/// Headers end at the first empty line; the checksum is a line that starts with '='.
std::string without_armour(std::string_view block) {
  std::string body;
  bool in_body = false;
  while (!block.empty()) {
    const size_t end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (in_body && !line.starts_with('=')) body += line;
    if (line.empty()) in_body = true;
    block.remove_prefix(std::min(end + 1, block.size()));
  }
  return from_base64(body);
}

/// All blocks of a file: distributions put several keys into one.
std::string dearmoured(std::string_view text) {
  std::string keys;
  for (size_t begin = text.find(kBegin); begin != std::string_view::npos;
       begin = text.find(kBegin, begin)) {
    begin = text.find('\n', begin);
    const size_t end = text.find(kEnd, begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) break;
    keys += without_armour(text.substr(begin + 1, end - begin - 1));
    begin = end;
  }
  return keys;
}

}  // namespace

std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count);
    bits &= (1U << count) - 1;
  }
  return bytes;
}

thaw::Result<Keyring> Keyring::open(const fs::path& key, const fs::path& directory) {
  const auto text = thaw::read_file(key);
  if (!text)
    return thaw::fail(ErrorKind::Environment, "the key of the repository cannot be read: {}",
                      text.error().message);
  const bool armored = text->find(kBegin) != std::string::npos;
  const std::string keys = armored ? dearmoured(*text) : *text;
  // The first byte of an OpenPGP packet has its highest bit set.
  if (keys.empty() || (static_cast<unsigned char>(keys.front()) & 0x80) == 0)
    return thaw::fail(ErrorKind::Environment, "{} holds no public key", key.string());
  Keyring keyring(key, directory);
  TRY(thaw::write_file(keyring.binary(), keys));
  return keyring;
}

thaw::Status Keyring::check(const fs::path& file, const fs::path& signature,
                            const std::string& what) const {
  const ToolResult result =
      TRY(run_tool({"gpgv", "--homedir", directory_.string(), "--keyring", binary().string(),
                    "--status-fd", "1", signature.string(), file.string()},
                   {.directory = {}, .env = {{"LC_ALL", "C"}}}));
  const std::string& status = result.output;
  const auto says = [&](std::string_view word) {
    return status.find(fmt::format("[GNUPG:] {} ", word)) != std::string::npos;
  };
  if (result.exit_code == 0 && says("VALIDSIG")) return {};
  if (says("BADSIG"))
    return thaw::fail(ErrorKind::Corrupt, "{} was changed after it was signed", what);
  if (says("NO_PUBKEY") || says("ERRSIG"))
    return thaw::fail(ErrorKind::Corrupt, "{} is signed by a key that is not in {}", what,
                      key_.string());
  return thaw::fail(ErrorKind::Corrupt, "the signature of {} cannot be accepted: {}", what,
                    result.last_words());
}

thaw::Status Keyring::check_rpm(const fs::path& package, const std::string& what) const {
  const std::string database = (directory_ / "rpmdb").string();
  // An empty home: the user's ~/.rpmmacros could ask for less.
  const ToolOptions options{.directory = {},
                            .env = {{"LC_ALL", "C"}, {"HOME", directory_.string()}}};
  const ToolResult imported =
      TRY(run_tool({"rpmkeys", "--dbpath", database, "--import", key_.string()}, options));
  if (imported.exit_code != 0)
    return thaw::fail(ErrorKind::Environment, "rpmkeys cannot read {}: {}", key_.string(),
                      imported.last_words());
  // Level "all": a package without signature fails, and so does one without digest.
  const ToolResult checked =
      TRY(run_tool({"rpmkeys", "--dbpath", database, "--define", "_pkgverify_level all", "--define",
                    "_pkgverify_flags 0", "--checksig", package.string()},
                   options));
  if (checked.exit_code == 0) return {};
  // Its last word on a file: "FILE: digests SIGNATURES NOT OK", capitals for what is wrong.
  const std::string words = checked.output + checked.errors;
  if (words.find("DIGESTS") != std::string::npos)
    return thaw::fail(ErrorKind::Corrupt, "{} was changed after it was signed", what);
  return thaw::fail(ErrorKind::Corrupt, "{} is not signed by a key in {}", what, key_.string());
}

}  // namespace lab
