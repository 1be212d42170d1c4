// A mapped file is best read through /proc/PID/map_files: that is the very file, whatever stands at
// its path by now. It takes a privilege (CAP_CHECKPOINT_RESTORE). Without it there is the path, in
// the process's root and in ours; a file that was replaced has another inode there, and its mapping
// is called "(deleted)".

#include "profiler/capture/build_ids.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "profiler/symbols/elf_image.h"

namespace thaw {
namespace {

std::string mapped_file(const Mapping& mapping) {
  return fmt::format("/proc/{}/map_files/{:x}-{:x}", mapping.pid, mapping.address,
                     mapping.address + mapping.bytes);
}

std::string in_root(const Mapping& mapping) {
  return fmt::format("/proc/{}/root{}", mapping.pid, mapping.path);
}

std::string read(const FileId& file, const Mapping& mapping) {
  const std::string mapped = mapped_file(mapping);
  if (::access(mapped.c_str(), R_OK) == 0) return ElfImage::build_id_of(mapped);
  for (const std::string& path : {in_root(mapping), mapping.path}) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && facts.st_ino == file.inode)
      return ElfImage::build_id_of(path);
  }
  return "";
}

}  // namespace

const std::string& BuildIds::of(const FileId& file, const Mapping& mapping) {
  const auto [entry, is_new] = known_.try_emplace(file);
  if (is_new) entry->second = read(file, mapping);
  return entry->second;
}

std::string BuildIds::of(const Mapping& mapping) {
  struct stat facts {};
  for (const std::string& path : {mapped_file(mapping), in_root(mapping)})
    if (::stat(path.c_str(), &facts) == 0) return of({facts.st_dev, facts.st_ino, 0}, mapping);
  return "";
}

}  // namespace thaw
