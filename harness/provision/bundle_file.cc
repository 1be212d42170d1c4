// Bundles come by mail from people we do not know: nothing in one is believed before its digest is
// checked, no name leads outside of the directory, and only regular files are made, by us and not
// by libarchive's disk writer. Sizes are limited, since a few kilobytes can unpack to terabytes.

#include "harness/provision/bundle_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <optional>

#include "harness/provision/digest.h"
#include "profiler/base/files.h"
#include "profiler/base/unique_fd.h"

namespace lab {

using thaw::ErrorKind;
using thaw::Result;
using thaw::Status;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSums = "SHA256SUMS";
// A bundle with a kernel unpacks to 20 MB; the largest evidence kept is 16 MiB per file.
constexpr uint64_t kMostBytes = 4ULL << 30;
constexpr size_t kMostEntries = 10'000;

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

std::string words_of(archive* archive) {
  const char* words = archive_error_string(archive);
  return words != nullptr ? words : "it ends too early";
}

std::unexpected<thaw::Error> damaged(const fs::path& file, std::string_view why) {
  return thaw::fail(ErrorKind::Corrupt, "{} is no bundle, or a damaged one: {}", file.string(),
                    why);
}

Status write_entry(archive* writer, const std::string& name, std::string_view content) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);  // the same run makes the same bundle
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK ||
      archive_write_data(writer, content.data(), content.size()) !=
          static_cast<la_ssize_t>(content.size()))
    return thaw::fail(ErrorKind::Environment, "cannot write the bundle: {}", words_of(writer));
  return {};
}

Status write_all_entries(archive* writer, const std::vector<BundleEntry>& entries) {
  std::string sums;
  for (const BundleEntry& entry : entries) {
    CHECK(is_safe_entry_name(entry.name) && entry.name != kSums, "{}", entry.name);
    const std::string content =
        entry.source.empty() ? entry.content : TRY(thaw::read_file(entry.source));
    TRY(write_entry(writer, entry.name, content));
    sums += fmt::format("{}  {}\n", sha256_of(content), entry.name);
  }
  return write_entry(writer, kSums, sums);
}

Result<std::string> read_data(const fs::path& file, archive* reader, uint64_t most) {
  std::string content;
  std::string buffer(256 * 1024, '\0');
  while (true) {
    const la_ssize_t got = archive_read_data(reader, buffer.data(), buffer.size());
    if (got < 0) return damaged(file, words_of(reader));
    if (got == 0) return content;
    if (content.size() + static_cast<size_t>(got) > most)
      return damaged(file, "it unpacks to more than any bundle of ours");
    content.append(buffer.data(), static_cast<size_t>(got));
  }
}

/// "digest  name" per line, as sha256sum prints them.
Result<std::map<std::string, std::string>> read_sums(const fs::path& file, std::string_view text) {
  std::map<std::string, std::string> sums;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.size() < 67 || line.substr(64, 2) != "  ")
      return damaged(file, "its list of digests cannot be read");
    sums.emplace(line.substr(66), line.substr(0, 64));
  }
  return sums;
}

Status compare(const fs::path& file, const std::map<std::string, std::string>& found,
               const std::map<std::string, std::string>& promised) {
  for (const auto& [name, digest] : promised) {
    const auto there = found.find(name);
    if (there == found.end()) return damaged(file, name + " is missing");
    if (there->second != digest) return damaged(file, name + " is not what was packed");
  }
  for (const auto& [name, digest] : found)
    if (!promised.contains(name)) return damaged(file, name + " was not packed by thawlab");
  return {};
}

Status keep(const fs::path& target, std::string_view content) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  const thaw::UniqueFd fd(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd.is_valid())
    return thaw::fail_errno(errno, fmt::format("cannot create {}", target.string()));
  return thaw::write_all(fd.get(), content);
}

}  // namespace

bool is_safe_entry_name(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos)
    return false;
  while (true) {
    const std::string_view part = name.substr(0, name.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 1);
  }
}

Status pack_bundle(const std::vector<BundleEntry>& entries, const fs::path& file) {
  const fs::path temporary = file.string() + ".part";
  const std::unique_ptr<archive, FreeWriter> writer(archive_write_new());
  if (archive_write_add_filter_zstd(writer.get()) != ARCHIVE_OK ||
      archive_write_set_format_pax_restricted(writer.get()) != ARCHIVE_OK)
    return thaw::fail(ErrorKind::Environment, "this libarchive cannot write zstd: {}",
                      words_of(writer.get()));
  if (archive_write_open_filename(writer.get(), temporary.c_str()) != ARCHIVE_OK)
    return thaw::fail(ErrorKind::Environment, "cannot write {}: {}", file.string(),
                      words_of(writer.get()));
  Status written = write_all_entries(writer.get(), entries);
  if (written && archive_write_close(writer.get()) != ARCHIVE_OK)
    written = thaw::fail(ErrorKind::Environment, "cannot write {}: {}", file.string(),
                         words_of(writer.get()));
  std::error_code error;
  if (written) fs::rename(temporary, file, error);
  if (!written || error) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
  }
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot write {}: {}", file.string(),
                      error.message());
  return written;
}

Status unpack_bundle(const fs::path& file, const fs::path& directory) {
  const std::unique_ptr<archive, FreeReader> reader(archive_read_new());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_tar(reader.get());
  if (std::error_code missing; !fs::is_regular_file(file, missing))
    return thaw::fail(ErrorKind::User, "there is no bundle {}", file.string());
  if (archive_read_open_filename(reader.get(), file.c_str(), 256 * 1024) != ARCHIVE_OK)
    return damaged(file, words_of(reader.get()));

  std::map<std::string, std::string> found;
  std::optional<std::map<std::string, std::string>> promised;
  uint64_t left = kMostBytes;
  archive_entry* entry = nullptr;
  int code = ARCHIVE_OK;
  while ((code = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* path = archive_entry_pathname(entry);
    const std::string name = path != nullptr ? path : "";
    if (!is_safe_entry_name(name)) return damaged(file, "it holds a file outside of itself");
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      return damaged(file, name + " is no regular file");
    if (promised || found.contains(name) || found.size() >= kMostEntries)
      return damaged(file, name + " should not be there");
    const std::string content = TRY(read_data(file, reader.get(), left));
    left -= content.size();
    if (name == kSums) {
      promised = TRY(read_sums(file, content));
      continue;
    }
    found.emplace(name, sha256_of(content));
    TRY(keep(directory / name, content));
  }
  if (code != ARCHIVE_EOF) return damaged(file, words_of(reader.get()));
  if (!promised) return damaged(file, "it ends before its list of digests");
  return compare(file, found, *promised);
}

}  // namespace lab
