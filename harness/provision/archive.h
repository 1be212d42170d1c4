#pragma once
// libarchive in a few verbs: unpack a package, read a tar, decompress a file, write a cpio.

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "profiler/base/errors.h"

struct archive;

namespace lab {

/// Where unpack_package() puts the package's changelog.
inline constexpr const char* kChangelog = "changelog.gz";

/// Unpacks what a kernel is made of from a package, a .deb, an .rpm or an Arch .pkg.tar.*: regular
/// files below boot/, lib/modules/ and usr/lib/modules/ (which becomes lib/modules/), and Debian's
/// changelog, as kChangelog. Links, owners and everything else are left out. Fails with Corrupt
/// when it is none of these or is damaged; `directory` may then hold a part. Damage in gzip, or in
/// zstd without a checksum, goes unseen: libarchive checks xz alone for certain.
thaw::Status unpack_package(const std::filesystem::path& package,
                            const std::filesystem::path& directory);

/// Whether the name is that of such a package.
bool is_package_name(std::string_view file_name);

/// Calls `read` with path and content of each regular file of a tar, compressed or not. Fails with
/// Corrupt when it is damaged, or holds a file of more than a megabyte.
thaw::Status read_tar(
    const std::filesystem::path& tar,
    const std::function<void(std::string_view path, std::string_view content)>& read);

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
