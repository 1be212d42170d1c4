// What a process has mapped is best opened through /proc/PID/map_files: that is the very file,
// whatever stands at its path by now, in whichever root the path is meant, deleted or not. It needs
// a living process. After that, its path; there the build-id must be the one that was mapped.

#include "profiler/capture/unwind_images.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "profiler/symbols/elf_image.h"

namespace thaw {

namespace {

UniqueFd open_file(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts {};
  if (file.is_valid() && (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))) return {};
  return file;
}

UniqueFd open_mapped(const Mapping& mapping) {
  const std::string process = fmt::format("/proc/{}", mapping.pid);
  if (UniqueFd file = open_file(fmt::format("{}/map_files/{:x}-{:x}", process, mapping.address,
                                            mapping.address + mapping.bytes));
      file.is_valid())
    return file;
  for (const std::string& path : {process + "/root" + mapping.path, mapping.path}) {
    if (!mapping.build_id.empty() && ElfImage::build_id_of(path) != mapping.build_id) continue;
    if (UniqueFd file = open_file(path); file.is_valid()) return file;
  }
  return {};
}

bool is_elf(int file) {
  char magic[4] = {};
  return ::pread(file, magic, sizeof magic, 0) == sizeof magic &&
         std::memcmp(magic, "\177ELF", sizeof magic) == 0;
}

}  // namespace

const UnwindImage* UnwindImages::keep(const std::string& key, Result<UnwindTable> table) {
  auto image = std::make_unique<UnwindImage>();
  if (table) {
    image->own_rows = table->take_rows();
    image->table = std::move(*table);
    if (maps_ != nullptr) {
      if (auto pieces = maps_->add_rows(image->own_rows)) {
        image->pieces = std::move(*pieces);
        image->own_rows = {};
      }
    } else {
      image->pieces.push_back({0, 0, image->own_rows});
    }
  }
  return (images_[key] = std::move(image)).get();
}

const UnwindImage* UnwindImages::of_file(UniqueFd file, const Mapping& mapping) {
  struct stat facts {};
  ::fstat(file.get(), &facts);
  const std::string key = mapping.build_id.empty()
                              ? fmt::format("{}:{}", facts.st_dev, facts.st_ino)
                              : mapping.build_id;
  if (const auto known = images_.find(key); known != images_.end()) return known->second.get();
  return keep(key, UnwindTable::open(std::move(file), mapping.path));
}

const UnwindImage* UnwindImages::of(const Mapping& mapping) {
  const std::string& key = mapping.path == "[vdso]" ? mapping.path : mapping.build_id;
  if (const auto known = images_.find(key); known != images_.end()) return known->second.get();
  if (mapping.path == "[vdso]") return keep(key, UnwindTable::of_vdso());
  if (mapping.path.starts_with("[vsyscall")) return &unreadable_;
  if (!mapping.path.starts_with('/')) return &generated_;
  UniqueFd file = open_mapped(mapping);
  if (!file.is_valid()) return &unreadable_;
  if (!is_elf(file.get())) return &generated_;
  return of_file(std::move(file), mapping);
}

}  // namespace thaw
