#pragma once
// libarchive in three verbs: unpack a .deb, decompress a file, write a cpio.

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"

struct archive;

namespace lab {

/// Where unpack_deb() puts the package's changelog.
inline constexpr const char* kChangelog = "changelog.gz";

/// Unpacks what a kernel is made of from a .deb: regular files below boot/, lib/modules/ and
/// usr/lib/modules/ (which becomes lib/modules/), and the changelog, as kChangelog. Links, owners
/// and everything else are left out. Fails with Corrupt when it is no .deb or is damaged;
/// `directory` may then hold a part. Damage in data.tar.gz, or in zstd without a checksum, goes
/// unseen: libarchive checks xz alone for certain.
thaw::Status unpack_deb(const std::filesystem::path& deb, const std::filesystem::path& directory);

/// Content of a file compressed with xz, zstd, gzip, …; of any other file as it is.
thaw::Result<std::string> decompressed(const std::filesystem::path& file);

/// Writes an initramfs archive ("newc") into memory. The same calls make the same bytes: inode
/// numbers count up and all times are 0.
class CpioWriter {
 public:
  CpioWriter();
  ~CpioWriter();
  CpioWriter(const CpioWriter&) = delete;
  CpioWriter& operator=(const CpioWriter&) = delete;

  /// Paths are absolute. Missing parents are added first, with mode 0755.
  void add_directory(std::string_view path, unsigned mode = 0755);
  void add_file(std::string_view path, std::string_view content, unsigned mode);
  void add_character_device(std::string_view path, unsigned major, unsigned minor, unsigned mode);

  /// Ends the archive; its size is a multiple of 4, so that another may follow.
  std::string finish();

 private:
  void add_parents(std::string_view path);

  std::string bytes_;
  std::set<std::string, std::less<>> directories_;
  int64_t inode_ = 0;
  archive* archive_;
};

}  // namespace lab
