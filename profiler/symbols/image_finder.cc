// A pid may be somebody else's by now and a path may name something else: only a build-id makes
// /proc trustworthy, so without one it is not looked at. Everything here is read only, and a
// process that may not be looked into is passed over.

#include "profiler/symbols/image_finder.h"

#include <set>

namespace thaw {

namespace {

/// Of thousands of processes with the same library, the first few that live will do.
constexpr size_t kMostProcesses = 16;

}  // namespace

std::string_view without_remark(std::string_view path) {
  constexpr std::string_view kRemark = " (deleted)";
  if (path.ends_with(kRemark)) path.remove_suffix(kRemark.size());
  return path;
}

/// True when the file at the place is the wanted one; `found` has it then.
bool ImageFinder::take(Found& found, const ImagePlace& place, const ImageWanted& wanted) {
  auto elf = ElfImage::open(place);
  if (!elf) return false;
  found.was_read = true;
  found.is_another = !wanted.build_id.empty() && elf->build_id() != wanted.build_id;
  if (!found.is_another) found.elf = std::move(*elf);
  return !found.is_another;
}

void ImageFinder::look_in_folders(Found& found, const ImageWanted& wanted) {
  const std::string name(without_remark(wanted.path));
  for (const std::string& folder : folders_) {
    Found here;
    const std::string by_name = folder + name.substr(name.rfind('/'));
    // A name alone says little: there the build-id must be known, and right.
    if (!take(here, {folder + name, folder, name}, wanted) &&
        (wanted.build_id.empty() || !take(here, {by_name, "/", by_name}, wanted)))
      continue;
    found = std::move(here);
    return;
  }
}

void ImageFinder::look_in_processes(Found& found, const ImageWanted& wanted) {
  const std::string name(without_remark(wanted.path));
  std::set<int32_t> looked_into;
  for (const ImageSighting& sighting : wanted.seen) {
    if (!looked_into.insert(sighting.pid).second) continue;
    if (looked_into.size() > kMostProcesses) return;
    const std::string process = fmt::format("/proc/{}", sighting.pid);
    const std::string root = process + "/root";
    Found here;
    const ImagePlace in_root{root + name, root, name};
    const ImagePlace mapped{
        fmt::format("{}/map_files/{:x}-{:x}", process, sighting.begin, sighting.end), root, name};
    if (!take(here, in_root, wanted) && !take(here, mapped, wanted)) continue;
    found = std::move(here);
    return;
  }
}

void ImageFinder::ask(Found& found, const ImageWanted& wanted) {
  if (wanted.build_id.empty()) return;
  if (!found.elf) {
    if (const auto file = debuginfod_.find(Debuginfod::Kind::executable, wanted.build_id))
      take(found, {*file, "/", *file}, wanted);
  }
  if (!found.elf || !found.elf->debug_info().empty()) return;
  if (const auto file = debuginfod_.find(Debuginfod::Kind::debuginfo, wanted.build_id))
    found.elf->add_debug_file(*file);
}

ImageFinder::Found ImageFinder::find(const ImageWanted& wanted) {
  Found found;
  const std::string name(without_remark(wanted.path));
  if (!name.starts_with('/')) return found;
  // A deleted file's path is only as good as the build-id that says so.
  const bool is_deleted = name.size() != wanted.path.size();
  if (!is_deleted || !wanted.build_id.empty()) take(found, {name, "/", name}, wanted);
  if (!found.elf) look_in_folders(found, wanted);
  if (!found.elf && !wanted.build_id.empty()) look_in_processes(found, wanted);
  if (asks_) ask(found, wanted);
  return found;
}

std::vector<std::string> ImageFinder::notes() const {
  if (debuginfod_.stopped().empty()) return {};
  return {debuginfod_.stopped()};
}

}  // namespace thaw
