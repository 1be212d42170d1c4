// Columns of tables are arrays beside each other. Addresses are left out (-1): every frame has its
// name already, and equal functions of a stack are then equal frames.

#include <iterator>

#include <fmt/format.h>

#include "profiler/report/export_words.h"
#include "profiler/report/firefox_tables.h"

namespace thaw::firefox {

namespace {

/// A build-id as symbol servers of this format spell it: as a GUID, whose first three fields are
/// little-endian, and an age of 0.
std::string breakpad_id(const std::string& build_id) {
  std::string hex = build_id.substr(0, 32);
  hex.resize(32, '0');
  const auto reversed = [&](size_t at, size_t bytes) {
    std::string out;
    for (size_t i = bytes; i-- > 0;) out += hex.substr(at + 2 * i, 2);
    return out;
  };
  std::string out = reversed(0, 4) + reversed(8, 2) + reversed(12, 2) + hex.substr(16) + "0";
  for (char& c : out)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace

size_t Strings::id_of(const std::string& text) {
  const auto [entry, is_new] = ids_.try_emplace(text, texts_.size());
  if (is_new) texts_.push_back(text);
  return entry->second;
}

std::string Strings::json() const {
  return column(texts_, [](const std::string& text) { return json_text(text); });
}

size_t Libraries::id_of(const StackFrame& frame, const Function& function) {
  const Mapping* file = frame.mapping;
  Library library{function.module, file == nullptr ? "" : file->path,
                  file == nullptr ? "" : file->build_id};
  const auto [entry, is_new] =
      ids_.try_emplace({library.name, library.path, library.build_id}, libraries_.size());
  if (is_new) libraries_.push_back(std::move(library));
  return entry->second;
}

std::string Libraries::json() const {
  return column(libraries_, [&](const Library& library) {
    return fmt::format(
        "{{\"arch\":{},\"name\":{},\"path\":{},\"debugName\":{},\"debugPath\":{},"
        "\"breakpadId\":{},\"codeId\":{}}}",
        json_text(machine_), json_text(library.name), json_text(library.path),
        json_text(library.name), json_text(library.path), json_text(breakpad_id(library.build_id)),
        library.build_id.empty() ? "null" : json_text(library.build_id));
  });
}

size_t ThreadTables::resource_of(size_t library) {
  const auto [entry, is_new] = resource_ids_.try_emplace(library, resources_.size());
  if (is_new) resources_.push_back({library, strings_.id_of(libraries_.name(library))});
  return entry->second;
}

size_t ThreadTables::function_of(const StackFrame& frame) {
  const Function& function = samples_.functions[frame.function];
  const size_t library = libraries_.id_of(frame, function);
  const auto [entry, is_new] =
      function_ids_.try_emplace({frame.function, library}, functions_.size());
  if (is_new)
    functions_.push_back(
        {strings_.id_of(label_of(function)), static_cast<int64_t>(resource_of(library))});
  return entry->second;
}

size_t ThreadTables::frame_of(const Frame& frame) {
  const auto [entry, is_new] = frame_ids_.try_emplace(frame, frames_.size());
  if (is_new) frames_.push_back(frame);
  return entry->second;
}

size_t ThreadTables::frame_of(const StackFrame& frame, int inline_depth) {
  const Category category = frame.is_kernel ? Category::kernel : Category::user;
  return frame_of({function_of(frame), category, inline_depth});
}

size_t ThreadTables::frame_of_cut(StackEnd end) {
  const auto [entry, is_new] = cut_ids_.try_emplace(end, functions_.size());
  if (is_new) functions_.push_back({strings_.id_of(cut_label(end)), -1});
  return frame_of({entry->second, Category::other, 0});
}

int64_t ThreadTables::node_of(const Node& node) {
  const auto [entry, is_new] = node_ids_.try_emplace(node, static_cast<int64_t>(nodes_.size()));
  if (is_new) nodes_.push_back(node);
  return entry->second;
}

std::string ThreadTables::node_of(uint32_t stack) {
  const auto [entry, is_new] = nodes_of_stacks_.try_emplace(stack, -1);
  if (is_new) {
    const std::span<const uint32_t> frames = samples_.stack(stack);
    if (const StackEnd end = samples_.user_end(stack); !cut_words(end).empty())
      entry->second = node_of({-1, frame_of_cut(end)});
    int inline_depth = 0;
    for (auto id = frames.rbegin(); id != frames.rend(); ++id) {
      const StackFrame& frame = samples_.frames[*id];
      inline_depth = frame.is_inlined ? inline_depth + 1 : 0;
      entry->second = node_of({entry->second, frame_of(frame, inline_depth)});
    }
  }
  return entry->second < 0 ? "null" : std::to_string(entry->second);
}

std::string ThreadTables::stacks_json() const {
  return fmt::format("\"stackTable\":{{\"length\":{},\"prefix\":{},\"frame\":{}}}", nodes_.size(),
                     column(nodes_,
                            [](const Node& node) {
                              return node.prefix < 0 ? "null" : std::to_string(node.prefix);
                            }),
                     column(nodes_, [](const Node& node) { return node.frame; }));
}

std::string ThreadTables::frames_json() const {
  const std::string nulls = column(frames_, [](const Frame&) { return "null"; });
  const std::string zeros = column(frames_, [](const Frame&) { return 0; });
  return fmt::format(
      "\"frameTable\":{{\"length\":{},\"address\":{},\"inlineDepth\":{},\"category\":{},"
      "\"subcategory\":{},\"func\":{},\"nativeSymbol\":{},\"innerWindowID\":{},\"line\":{},"
      "\"column\":{}}}",
      frames_.size(), column(frames_, [](const Frame&) { return -1; }),
      column(frames_, [](const Frame& frame) { return frame.inline_depth; }),
      column(frames_, [](const Frame& frame) { return static_cast<int>(frame.category); }), zeros,
      column(frames_, [](const Frame& frame) { return frame.function; }), nulls, zeros, nulls,
      nulls);
}

std::string ThreadTables::functions_json() const {
  const std::string nulls = column(functions_, [](const Named&) { return "null"; });
  const std::string no = column(functions_, [](const Named&) { return "false"; });
  return fmt::format(
      "\"funcTable\":{{\"length\":{},\"name\":{},\"isJS\":{},\"relevantForJS\":{},\"resource\":{},"
      "\"source\":{},\"lineNumber\":{},\"columnNumber\":{}}}",
      functions_.size(), column(functions_, [](const Named& named) { return named.name; }), no, no,
      column(functions_, [](const Named& named) { return named.resource; }), nulls, nulls, nulls);
}

std::string ThreadTables::resources_json() const {
  constexpr int kLibrary = 1;
  return fmt::format(
      "\"resourceTable\":{{\"length\":{},\"lib\":{},\"name\":{},\"host\":{},\"type\":{}}}",
      resources_.size(), column(resources_, [](const Resource& from) { return from.library; }),
      column(resources_, [](const Resource& from) { return from.name; }),
      column(resources_, [](const Resource&) { return "null"; }),
      column(resources_, [](const Resource&) { return kLibrary; }));
}

std::string ThreadTables::json() const {
  return fmt::format(
      "{},\n{},\n{},\n{},\n\"nativeSymbols\":{{\"length\":0,\"libIndex\":[],\"address\":[],"
      "\"name\":[],\"functionSize\":[]}}",
      stacks_json(), frames_json(), functions_json(), resources_json());
}

}  // namespace thaw::firefox
