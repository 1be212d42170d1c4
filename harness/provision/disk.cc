// Disks of both kinds lie in one directory of the cache, as KEY.ext4 with a KEY.json beside it that
// says what is in it. The .json comes last: a disk without one is not finished.

#include "harness/provision/disk.h"

#include <sys/stat.h>

#include <chrono>

#include <nlohmann/json.hpp>

#include "harness/provision/cache.h"
#include "harness/provision/digest.h"
#include "harness/provision/tool.h"
#include "profiler/base/files.h"

namespace lab {
namespace {

using thaw::ErrorKind;
namespace fs = std::filesystem;

// A disk is half a GiB: one that no run has used for a month goes.
constexpr auto kUnusedLife = std::chrono::hours(30 * 24);
// Free space in the image: ext4's own tables for 16 Ki files, and rounding.
constexpr uint64_t kSlackBytes = 24 << 20;

/// Path, size and time of each file: reading hundreds of MiB to name them would take seconds.
thaw::Result<std::string> list_of(const std::vector<GuestFile>& files) {
  std::string list;
  for (const GuestFile& file : files) {
    struct stat facts {};
    if (::stat(file.source.c_str(), &facts) != 0)
      return thaw::fail(ErrorKind::User, "there is no file {} to put into the guest",
                        file.source.string());
    list += fmt::format("{} {:o} {} {}.{:09}\n", file.path, file.mode, facts.st_size,
                        facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
  }
  return list;
}

thaw::Status copy_to(const fs::path& tree, const GuestFile& file) {
  const fs::path target = tree.string() + file.path;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (!error) fs::copy_file(file.source, target, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(target, static_cast<fs::perms>(file.mode), error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot copy {}: {}", file.source.string(),
                      error.message());
  return {};
}

}  // namespace

thaw::Status make_disk(const fs::path& tree, const fs::path& disk) {
  uint64_t bytes = kSlackBytes;
  uint64_t files = 1024;  // ext4's own, and what there is of slack
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(tree, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    struct stat facts {};
    if (::lstat(at->path().c_str(), &facts) != 0) continue;
    // Its blocks of 4 KiB (a copy may be sparse where the disk is not), and its inode.
    bytes += (static_cast<uint64_t>(facts.st_size) + 4095) / 4096 * 4096 + 256;
    files++;
  }
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot read {}: {}", tree.string(), error.message());
  // No journal and nothing reserved: nobody ever writes to it.
  TRY(output_of({"mke2fs", "-q", "-t", "ext4", "-O", "^has_journal,^resize_inode", "-m", "0", "-N",
                 std::to_string(files), "-d", tree.string(), disk.string(),
                 fmt::format("{}K", (bytes + bytes / 32) / 1024)}));
  return {};
}

thaw::Result<fs::path> disk_of_files(const std::vector<GuestFile>& files, const fs::path& root) {
  const std::string list = TRY(list_of(files));
  const Cache cache = TRY(Cache::open(root));
  const fs::path place = root / "userlands";
  std::error_code error;
  fs::create_directories(place, error);
  const thaw::UniqueFd lock = TRY(cache.lock("userlands"));
  fs::path disk = place / ("files-" + sha256_of(list).substr(0, 32) + ".ext4");
  const fs::path description = fs::path(disk).replace_extension(".json");
  if (fs::exists(disk, error) && fs::exists(description, error)) {
    fs::last_write_time(description, fs::file_time_type::clock::now(), error);
    return disk;
  }
  sweep_disks(place);
  const WorkDirectory work = TRY(cache.make_work_directory());
  for (const GuestFile& file : files) TRY(copy_to(work.path() / "root", file));
  TRY(make_disk(work.path() / "root", work.path() / "disk.ext4"));
  fs::rename(work.path() / "disk.ext4", disk, error);
  if (error)
    return thaw::fail(ErrorKind::Environment, "cannot write {}: {}", disk.string(),
                      error.message());
  nlohmann::json paths = nlohmann::json::array();
  for (const GuestFile& file : files) paths.push_back(file.path);
  TRY(thaw::write_file(description,
                       nlohmann::json{{"schema", 1}, {"files", paths}}.dump(1) + "\n"));
  return disk;
}

uintmax_t size_of(const std::vector<GuestFile>& files) {
  uintmax_t bytes = 0;
  for (const GuestFile& file : files) {
    std::error_code missing;
    const uintmax_t size =
        file.source.empty() ? file.content.size() : fs::file_size(file.source, missing);
    if (!missing) bytes += size;
  }
  return bytes;
}

void sweep_disks(const fs::path& directory) {
  std::error_code ignored;
  const auto oldest = fs::file_time_type::clock::now() - kUnusedLife;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const fs::path& description = entry.path();
    if (description.extension() != ".json" || entry.last_write_time(ignored) > oldest) continue;
    fs::remove(fs::path(description).replace_extension(".ext4"), ignored);
    fs::remove(description, ignored);
  }
}

}  // namespace lab
