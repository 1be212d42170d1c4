// All libarchive code. A .deb is an ar archive with data.tar.* inside: two readers, the inner one
// fed by the outer one's data, so that nothing is stored in between. An .rpm is, after headers that
// libarchive skips, a compressed cpio, and Arch's package is a compressed tar: one reader each.
//
// Files are created by us and not by libarchive's disk writer: it would also make the links,
// devices and owners that a package may hold, and we want none of them.

#include "harness/provision/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "profiler/base/unique_fd.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

std::unexpected<thaw::Error> damaged(const fs::path& file, archive* reader) {
  const char* words = archive_error_string(reader);
  return thaw::fail(ErrorKind::Corrupt, "{} is damaged: {}", file.string(),
                    words != nullptr ? words : "it ends too early");
}

/// Next header; false at the end.
thaw::Result<bool> next_entry(const fs::path& file, archive* reader, archive_entry** entry) {
  const int code = archive_read_next_header(reader, entry);
  if (code == ARCHIVE_EOF) return false;
  if (code < ARCHIVE_WARN) return damaged(file, reader);
  // Of a name that is not in this locale's character set there is none.
  if (archive_entry_pathname(*entry) == nullptr)
    return thaw::fail(ErrorKind::Corrupt, "{} holds a file whose name cannot be read",
                      file.string());
  return true;
}

// Hands the outer entry's bytes to the inner reader.
struct Feed {
  archive* outer;
  std::vector<char> buffer = std::vector<char>(256 * 1024);
};

la_ssize_t read_feed(archive*, void* state, const void** bytes) noexcept {
  auto* feed = static_cast<Feed*>(state);
  *bytes = feed->buffer.data();
  return archive_read_data(feed->outer, feed->buffer.data(), feed->buffer.size());
}

/// Where an entry of a package goes below the cache's directory; none when it is not wanted.
thaw::Result<std::optional<fs::path>> place_of(const fs::path& package, std::string_view name) {
  if (name.starts_with("./")) name.remove_prefix(2);
  if (name.starts_with("usr/lib/modules/")) name.remove_prefix(4);
  if (name.starts_with("usr/share/doc/") &&
      (name.ends_with("/changelog.gz") || name.ends_with("/changelog.Debian.gz")))
    return kChangelog;
  if (!name.starts_with("boot/") && !name.starts_with("lib/modules/")) return std::nullopt;
  const fs::path path(name);
  for (const fs::path& part : path)
    if (part == "..")
      return thaw::fail(ErrorKind::Corrupt, "{} holds a file outside of itself: {}",
                        package.string(), name);
  return path;
}

thaw::Status write_entry(const fs::path& package, archive* reader, archive_entry* entry,
                         const fs::path& target) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  const mode_t mode = (archive_entry_perm(entry) & 0755) | 0600;
  const thaw::UniqueFd fd(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.is_valid())
    return thaw::fail_errno(errno, fmt::format("cannot create {}", target.string()));
  if (archive_read_data_into_fd(reader, fd.get()) != ARCHIVE_OK) {
    if (archive_errno(reader) == ENOSPC)
      return thaw::fail_errno(ENOSPC, fmt::format("cannot write {}", target.string()));
    return damaged(package, reader);
  }
  return {};
}

thaw::Status unpack_entries(const fs::path& package, archive* reader, const fs::path& directory) {
  archive_entry* entry = nullptr;
  while (TRY(next_entry(package, reader, &entry))) {
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      continue;
    const auto place = TRY(place_of(package, archive_entry_pathname(entry)));
    if (place) TRY(write_entry(package, reader, entry, directory / *place));
  }
  return {};
}

thaw::Status unpack_nested(const fs::path& deb, archive* outer, const fs::path& directory) {
  Feed feed{outer};
  const Reader inner(archive_read_new());
  archive_read_support_filter_all(inner.get());
  archive_read_support_format_tar(inner.get());
  if (archive_read_open(inner.get(), &feed, nullptr, read_feed, nullptr) != ARCHIVE_OK)
    return damaged(deb, inner.get());
  return unpack_entries(deb, inner.get(), directory);
}

thaw::Status unpack_deb(const fs::path& deb, const fs::path& directory) {
  const Reader outer(archive_read_new());
  archive_read_support_format_ar(outer.get());
  if (archive_read_open_filename(outer.get(), deb.c_str(), 256 * 1024) != ARCHIVE_OK)
    return damaged(deb, outer.get());
  archive_entry* entry = nullptr;
  while (TRY(next_entry(deb, outer.get(), &entry))) {
    if (std::string_view(archive_entry_pathname(entry)).starts_with("data.tar"))
      return unpack_nested(deb, outer.get(), directory);
  }
  return thaw::fail(ErrorKind::Corrupt, "{} is not a Debian package: it has no data.tar",
                    deb.string());
}

/// A reader of a compressed tar or, in an .rpm, cpio.
thaw::Result<Reader> open_plain(const fs::path& file) {
  Reader reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_cpio(reader.get());
  if (archive_read_open_filename(reader.get(), file.c_str(), 256 * 1024) != ARCHIVE_OK)
    return damaged(file, reader.get());
  return reader;
}

}  // namespace

bool is_package_name(std::string_view file_name) {
  return file_name.ends_with(".deb") || file_name.ends_with(".rpm") ||
         (file_name.find(".pkg.tar") != std::string_view::npos && !file_name.ends_with(".sig"));
}

thaw::Status unpack_package(const fs::path& package, const fs::path& directory) {
  if (package.extension() == ".deb") return unpack_deb(package, directory);
  const Reader reader = TRY(open_plain(package));
  return unpack_entries(package, reader.get(), directory);
}

thaw::Status read_tar(
    const fs::path& tar,
    const std::function<void(std::string_view path, std::string_view content)>& read) {
  // A desc of Arch has a few kilobytes; more would not be one.
  constexpr int64_t kMostBytes = 1 << 20;
  const Reader reader = TRY(open_plain(tar));
  archive_entry* entry = nullptr;
  std::string content;
  while (TRY(next_entry(tar, reader.get(), &entry))) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    if (archive_entry_size(entry) > kMostBytes)
      return thaw::fail(ErrorKind::Corrupt, "{} holds {} bytes of {}", tar.string(),
                        archive_entry_size(entry), archive_entry_pathname(entry));
    content.resize(static_cast<size_t>(archive_entry_size(entry)));
    if (archive_read_data(reader.get(), content.data(), content.size()) !=
        static_cast<la_ssize_t>(content.size()))
      return damaged(tar, reader.get());
    read(archive_entry_pathname(entry), content);
  }
  return {};
}

thaw::Result<std::string> decompressed(const fs::path& file) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_read_support_format_empty(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), file.c_str(), 256 * 1024) != ARCHIVE_OK)
    return damaged(file, reader.get());
  std::string content;
  if (!TRY(next_entry(file, reader.get(), &entry))) return content;
  std::vector<char> buffer(256 * 1024);
  while (true) {
    const la_ssize_t got = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (got < 0) return damaged(file, reader.get());
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(got));
  }
}

CpioWriter::CpioWriter() : directories_{"/"}, archive_(archive_write_new()) {
  archive_write_set_format_cpio_newc(archive_);
  archive_write_set_bytes_per_block(archive_, 0);
  const auto append = [](archive*, void* state, const void* bytes,
                         size_t size) noexcept -> la_ssize_t {
    static_cast<std::string*>(state)->append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
  };
  const int code = archive_write_open(archive_, &bytes_, nullptr, append, nullptr);
  CHECK(code == ARCHIVE_OK, "{}", archive_error_string(archive_));
}

CpioWriter::~CpioWriter() {
  archive_write_free(archive_);
}

namespace {

Entry make_entry(std::string_view path, unsigned type, unsigned mode, int64_t inode) {
  Entry entry(archive_entry_new());
  // Without the leading slash, as the kernel's own archives have it.
  archive_entry_set_pathname(entry.get(), std::string(path.substr(1)).c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), mode);
  archive_entry_set_ino64(entry.get(), inode);
  archive_entry_set_nlink(entry.get(), type == AE_IFDIR ? 2 : 1);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), 0);
  return entry;
}

void write_header(archive* writer, archive_entry* entry) {
  const int code = archive_write_header(writer, entry);
  CHECK(code == ARCHIVE_OK, "{}", archive_error_string(writer));
}

}  // namespace

void CpioWriter::add_parents(std::string_view path) {
  CHECK(path.starts_with('/'), "a guest's path must be absolute: {}", path);
  const std::string parent = fs::path(path).parent_path().string();
  if (!directories_.contains(parent)) add_directory(parent);
}

void CpioWriter::add_directory(std::string_view path, unsigned mode) {
  if (!directories_.insert(std::string(path)).second) return;
  add_parents(path);
  write_header(archive_, make_entry(path, AE_IFDIR, mode, ++inode_).get());
}

void CpioWriter::add_file(std::string_view path, std::string_view content, unsigned mode) {
  add_parents(path);
  const Entry entry = make_entry(path, AE_IFREG, mode, ++inode_);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  write_header(archive_, entry.get());
  if (content.empty()) return;
  const la_ssize_t written = archive_write_data(archive_, content.data(), content.size());
  CHECK(written == static_cast<la_ssize_t>(content.size()), "{} of {}", written, content.size());
}

void CpioWriter::add_character_device(std::string_view path, unsigned major, unsigned minor,
                                      unsigned mode) {
  add_parents(path);
  const Entry entry = make_entry(path, AE_IFCHR, mode, ++inode_);
  archive_entry_set_rdevmajor(entry.get(), major);
  archive_entry_set_rdevminor(entry.get(), minor);
  write_header(archive_, entry.get());
}

std::string CpioWriter::finish() {
  const int code = archive_write_close(archive_);
  CHECK(code == ARCHIVE_OK, "{}", archive_error_string(archive_));
  bytes_.resize((bytes_.size() + 3) / 4 * 4, '\0');
  return std::move(bytes_);
}

}  // namespace lab
