// One look-up per distinct address. A file whose build-id is not that of what ran gives no names at
// all, since wrong ones are worse; where nobody knows the build-id, the path is all there is.

#include "profiler/analysis/frame_names.h"

#include <algorithm>
#include <filesystem>

#include "profiler/symbols/demangle.h"

namespace thaw {

namespace {

constexpr const char* kNobody = "?";

std::string module_name(const std::string& path) {
  if (path.empty()) return "memory";
  return path.starts_with('/') ? std::filesystem::path(path).filename().string() : path;
}

}  // namespace

const KernelFunction* kernel_function(const Capture& capture, uint64_t address, bool is_leaf) {
  const uint64_t at = is_leaf ? address : address - 1;
  const std::vector<KernelFunction>& all = capture.functions();
  const auto after = std::ranges::upper_bound(all, at, {}, &KernelFunction::address);
  if (after == all.begin() || at - (after - 1)->address >= (after - 1)->bytes) return nullptr;
  return &*(after - 1);
}

FrameNames::FrameNames(const Capture& capture) : capture_(capture), spaces_(capture) {}

uint32_t FrameNames::intern(Function function) {
  const auto [entry, is_new] =
      ids_.try_emplace(std::move(function), static_cast<uint32_t>(functions_.size()));
  if (is_new) functions_.push_back(entry->first);
  return entry->second;
}

uint32_t FrameNames::kernel(uint64_t address, bool is_leaf) {
  const uint64_t at = is_leaf ? address : address - 1;
  const auto [entry, is_new] = places_.try_emplace({0, at}, 0);
  if (!is_new) return entry->second;
  Function function{kNobody, "kernel"};
  if (const KernelFunction* found = kernel_function(capture_, address, is_leaf))
    function = {found->name, found->module.empty() ? "kernel" : found->module};
  return entry->second = intern(std::move(function));
}

FrameNames::Image& FrameNames::image_of(const Mapping& mapping) {
  const auto [entry, is_new] = images_.try_emplace({mapping.path, mapping.build_id});
  Image& image = entry->second;
  if (!is_new) return image;
  image.found.path = mapping.path;
  if (!mapping.path.starts_with('/')) return image;
  auto elf = ElfImage::open(mapping.path);
  if (!elf) return image;
  image.found.was_read = true;
  image.found.symbols = elf->symbols();
  image.found.is_another =
      !mapping.build_id.empty() && !elf->build_id().empty() && elf->build_id() != mapping.build_id;
  if (!image.found.is_another) image.elf = std::make_unique<ElfImage>(std::move(*elf));
  return image;
}

Function FrameNames::name_in(const Mapping& mapping, uint64_t address) {
  Image& image = image_of(mapping);
  if (image.elf) {
    const auto at = image.elf->address_of(address - mapping.address + mapping.file_offset);
    const auto symbol = at ? image.elf->find(*at) : std::nullopt;
    if (symbol) return {demangle(symbol->name), module_name(mapping.path)};
  }
  image.found.unnamed++;
  return {kNobody, module_name(mapping.path)};
}

uint32_t FrameNames::user(uint32_t program, uint64_t address, bool is_leaf) {
  const uint64_t at = is_leaf ? address : address - 1;
  const auto [entry, is_new] = places_.try_emplace({program, at}, 0);
  if (!is_new) return entry->second;
  const Mapping* mapping = spaces_.find(program, at);
  return entry->second =
             intern(mapping == nullptr ? Function{kNobody, kNobody} : name_in(*mapping, at));
}

std::vector<ImageFound> FrameNames::images() const {
  std::vector<ImageFound> result;
  for (const auto& [key, image] : images_) result.push_back(image.found);
  return result;
}

}  // namespace thaw
