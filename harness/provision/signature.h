#pragma once
// Who made a file: OpenPGP signatures, checked by gpgv and rpmkeys.

#include <filesystem>
#include <string>

#include "profiler/base/errors.h"

namespace lab {

/// Keys of one file and no other, not even those that the user trusts elsewhere.
class Keyring {
 public:
  /// `key` holds public keys, armored or not; `directory` is empty and outlives the keyring.
  /// Fails with Environment when the file cannot be read or holds no key.
  static thaw::Result<Keyring> open(const std::filesystem::path& key,
                                    const std::filesystem::path& directory);

  /// A detached signature. Fails with Corrupt when it is missing, of another key, or of other
  /// bytes; `what` starts the sentence.
  thaw::Status check(const std::filesystem::path& file, const std::filesystem::path& signature,
                     const std::string& what) const;

  /// The signature inside an rpm package, over its header and, through the digests there, its
  /// payload. A package that has none fails like one with a wrong one.
  thaw::Status check_rpm(const std::filesystem::path& package, const std::string& what) const;

 private:
  Keyring(std::filesystem::path key, std::filesystem::path directory)
      : key_(std::move(key)), directory_(std::move(directory)) {}

  std::filesystem::path binary() const { return directory_ / "keys.gpg"; }

  std::filesystem::path key_;
  std::filesystem::path directory_;
};

/// The bytes that base64 text stands for; anything else in it, such as line ends, is skipped.
std::string from_base64(std::string_view text);

}  // namespace lab
