// One look-up per distinct address, and per distinct place of a file: a thousand processes with one
// library ask for its places once.

#include "profiler/analysis/frame_names.h"

#include <algorithm>

namespace thaw {

namespace {

constexpr const char* kNobody = "?";
/// The module of generated code.
constexpr const char* kGenerated = "jit";

}  // namespace

const KernelFunction* kernel_function(const Capture& capture, uint64_t address, bool is_leaf) {
  const uint64_t at = is_leaf ? address : address - 1;
  const std::vector<KernelFunction>& all = capture.functions();
  const auto after = std::ranges::upper_bound(all, at, {}, &KernelFunction::address);
  if (after == all.begin() || at - (after - 1)->address >= (after - 1)->bytes) return nullptr;
  return &*(after - 1);
}

FrameNames::FrameNames(const Capture& capture, const NameOptions& options)
    : capture_(capture),
      options_(options),
      spaces_(capture),
      generated_(capture),
      finder_(options.debuginfod, options.folders) {}

uint32_t FrameNames::intern(Function function, FunctionSource source) {
  const auto [entry, is_new] =
      ids_.try_emplace(std::move(function), static_cast<uint32_t>(functions_.size()));
  if (is_new) {
    functions_.push_back(entry->first);
    sources_.push_back(std::move(source));
  } else if (sources_[entry->second].file.empty()) {
    sources_[entry->second] = std::move(source);
  }
  return entry->second;
}

FrameNames::Chain FrameNames::add_chain(std::span<const Frame> frames) {
  const Chain chain{static_cast<uint32_t>(frames_.size()), static_cast<uint32_t>(frames.size())};
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  return chain;
}

uint32_t FrameNames::kernel(uint64_t address, bool is_leaf) {
  const uint64_t at = is_leaf ? address : address - 1;
  const auto [entry, is_new] = places_.try_emplace({0, at});
  if (!is_new) return frames_[entry->second.first].function;
  Function function{kNobody, "kernel"};
  if (const KernelFunction* found = kernel_function(capture_, address, is_leaf))
    function = {found->name, found->module.empty() ? "kernel" : found->module};
  const Frame frame{intern(std::move(function)), 0};
  entry->second = add_chain({&frame, 1});
  return frame.function;
}

/// A library is mapped by every process: its path is compared once for each, not for each address.
FrameNames::Image& FrameNames::image_of(const Mapping& mapping) {
  const auto [entry, is_new] = image_of_.try_emplace(&mapping, nullptr);
  if (is_new) entry->second = &open_image(mapping);
  return *entry->second;
}

FrameNames::Image& FrameNames::open_image(const Mapping& mapping) {
  const std::pair key(mapping.path, mapping.build_id);
  const auto found = images_.find(key);
  if (found != images_.end()) return found->second;
  return images_
      .try_emplace(key, ImageNames(capture_, mapping, finder_, options_.inlined),
                   boost::unordered_flat_map<uint64_t, Chain>())
      .first->second;
}

/// Of a process that was forked and made none of its own: its parent's.
const GeneratedFunction* FrameNames::generated(uint32_t program, uint64_t at) const {
  if (capture_.generated().empty()) return nullptr;
  for (const Pid pid : spaces_.line_of(program))
    if (const GeneratedFunction* found = generated_.find(pid, at)) return found;
  return nullptr;
}

FrameNames::Chain FrameNames::chain_in(const Mapping& mapping, uint64_t at) {
  Image& image = image_of(mapping);
  const uint64_t file_offset = at - mapping.address + mapping.file_offset;
  const auto [entry, is_new] = image.chains.try_emplace(file_offset);
  if (!is_new) return entry->second;
  std::vector<Frame> frames;
  const std::string module = module_name(mapping.path);
  for (ImageNames::Frame& named : image.names.at(file_offset)) {
    const uint32_t id = intern({std::move(named.function.name), module},
                               {std::move(named.function.file), named.function.line});
    frames.push_back({id, named.line});
  }
  if (frames.empty()) frames.push_back({intern({kNobody, module}), 0});
  return entry->second = add_chain(frames);
}

FrameNames::Chain FrameNames::chain_of(uint32_t program, uint64_t at) {
  const auto [entry, is_new] = places_.try_emplace({program, at});
  if (!is_new) return entry->second;
  // What a process made is no part of a file: it comes first, and is not remembered with one.
  const GeneratedFunction* made = generated(program, at);
  const Mapping* mapping = spaces_.find(program, at);
  if (made == nullptr && mapping != nullptr) return entry->second = chain_in(*mapping, at);
  if (made == nullptr && nobody_) return entry->second = *nobody_;
  const Function function =
      made != nullptr ? Function{made->name, kGenerated} : Function{kNobody, kNobody};
  const Frame frame{intern(function), 0};
  entry->second = add_chain({&frame, 1});
  if (made == nullptr) nobody_ = entry->second;
  return entry->second;
}

std::span<const FrameNames::Frame> FrameNames::user_frames(uint32_t program, uint64_t address,
                                                           bool is_leaf) {
  const Chain chain = chain_of(program, is_leaf ? address : address - 1);
  return std::span(frames_).subspan(chain.first, chain.count);
}

uint32_t FrameNames::user(uint32_t program, uint64_t address, bool is_leaf) {
  return user_frames(program, address, is_leaf).back().function;
}

std::vector<ImageFound> FrameNames::images() const {
  std::vector<ImageFound> result;
  for (const auto& [key, image] : images_) result.push_back(image.names.found());
  return result;
}

std::vector<std::string> FrameNames::notes() const {
  std::vector<std::string> notes = finder_.notes();
  for (const auto& [key, image] : images_)
    if (!image.names.problem().empty()) notes.push_back(image.names.problem());
  return notes;
}

std::vector<NamedImage> FrameNames::named_images() const {
  std::vector<NamedImage> result;
  for (const auto& [key, image] : images_) {
    NamedImageBuilder builder(key.first, key.second);
    std::vector<NamedImageBuilder::Frame> named;
    const std::map<uint64_t, Chain> in_order(image.chains.begin(), image.chains.end());
    for (const auto& [file_offset, chain] : in_order) {
      named.clear();
      for (const Frame& frame : std::span(frames_).subspan(chain.first, chain.count)) {
        const FunctionSource& its_source = source(frame.function);
        named.push_back(
            {{function(frame.function).name, its_source.file, its_source.line}, frame.line});
      }
      if (named.back().function.name != kNobody) builder.add(file_offset, named);
    }
    std::ranges::move(std::move(builder).take(), std::back_inserter(result));
  }
  return result;
}

}  // namespace thaw
