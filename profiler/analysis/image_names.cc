// Symbol tables name the function, debug information adds what is inlined in it: so a function has
// one name, whether its file has debug information here or not. Code without either is named by
// where it begins, so that its samples add up.

#include "profiler/analysis/image_names.h"

#include <sys/utsname.h>

#include <filesystem>
#include <ranges>

#include "profiler/symbols/demangle.h"

namespace thaw {

namespace {

constexpr const char* kVdso = "[vdso]";

ImageWanted wanted_of(const Capture& capture, const Mapping& mapping) {
  ImageWanted wanted{mapping.path, mapping.build_id, {}};
  // Latest first: those may still live.
  for (const Mapping& other : capture.mappings() | std::views::reverse)
    if (other.bytes != 0 && other.path == mapping.path && other.build_id == mapping.build_id)
      wanted.seen.push_back({other.pid.value, other.address, other.address + other.bytes});
  return wanted;
}

std::string running_kernel() {
  utsname names{};
  return ::uname(&names) == 0 ? names.release : "";
}

}  // namespace

std::string module_name(std::string_view path) {
  path = without_remark(path);
  if (path.empty()) return "memory";
  if (path == kVdso) return "vdso";
  return path.starts_with('/') ? std::filesystem::path(path).filename().string()
                               : std::string(path);
}

ImageNames::ImageNames(const Capture& capture, const Mapping& mapping, ImageFinder& finder,
                       bool inlined)
    : inlined_(inlined) {
  found_.path = mapping.path;
  if (take_packed(capture, mapping)) return;
  if (mapping.path == kVdso)
    take_vdso(capture);
  else
    take_file(finder.find(wanted_of(capture, mapping)));
}

void ImageNames::take_file(ImageFinder::Found found) {
  found_.was_read = found.was_read;
  found_.is_another = found.is_another;
  if (!found.elf) return;
  elf_ = std::move(found.elf);
  found_.symbols = elf_->symbols();
}

/// A capture with names of any file has those of all: a file that stands here under the same path
/// is another one.
bool ImageNames::take_packed(const Capture& capture, const Mapping& mapping) {
  if (capture.names().empty()) return false;
  for (const NamedImage& image : capture.names()) {
    if (image.path != mapping.path || image.build_id != mapping.build_id) continue;
    packed_.push_back(&image);
    found_.symbols += image.functions.size();
  }
  found_.was_read = !packed_.empty();
  return true;
}

/// It is part of the kernel: that of another one is another.
void ImageNames::take_vdso(const Capture& capture) {
  if (capture.header().kernel != running_kernel()) return;
  auto elf = ElfImage::of_vdso();
  if (!elf) return;
  elf_ = std::move(*elf);
  found_.was_read = true;
  found_.symbols = elf_->symbols();
}

std::vector<ImageNames::Frame> ImageNames::in_pack(uint64_t file_offset) const {
  std::vector<Frame> frames;
  for (const NamedImage* image : packed_)
    for (const NamedFrame& frame : image->at(file_offset))
      frames.push_back({image->functions[frame.function], frame.line});
  if (!inlined_ && frames.size() > 1) frames.erase(frames.begin(), frames.end() - 1);
  return frames;
}

void ImageNames::open_debug_info() {
  was_opened_ = true;
  if (!inlined_ || !elf_ || elf_->debug_info().empty()) return;
  if (auto opened = DebugInfo::open(elf_->debug_info()))
    debug_info_.emplace(std::move(*opened));
  else
    problem_ = opened.error().message;
}

std::vector<ImageNames::Frame> ImageNames::in_file(uint64_t file_offset) {
  const auto address = elf_ ? elf_->address_of(file_offset) : std::nullopt;
  if (!address) return {};
  if (!was_opened_) open_debug_info();
  std::vector<Frame> frames;
  if (debug_info_) {
    for (SourceFrame& frame : debug_info_->find(*address))
      frames.push_back({{.name = frame.name.empty() ? "?" : std::move(frame.name),
                         .file = std::move(frame.file),
                         .line = frame.first_line},
                        frame.line});
  }
  const auto symbol = elf_->find(*address);
  if (symbol && frames.empty()) frames.emplace_back();
  if (symbol) frames.back().function.name = demangle(symbol->name);
  if (!frames.empty()) return frames;
  if (const auto nameless = elf_->find_nameless(*address))
    frames.push_back({{.name = fmt::format("func@{:#x}", nameless->address), .file = {}}, 0});
  return frames;
}

std::vector<ImageNames::Frame> ImageNames::at(uint64_t file_offset) {
  std::vector<Frame> frames = packed_.empty() ? in_file(file_offset) : in_pack(file_offset);
  if (frames.empty()) found_.unnamed++;
  return frames;
}

}  // namespace thaw
