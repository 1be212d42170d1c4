#pragma once
// The tables of one thread in the Firefox Profiler's format: stacks are a tree whose nodes name
// frames, frames name functions, functions name the library they are in. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "profiler/analysis/sampled_stacks.h"

namespace thaw::firefox {

/// Texts that all threads share; each is stored once.
class Strings {
 public:
  size_t id_of(const std::string& text);
  /// A JSON array.
  std::string json() const;

 private:
  std::unordered_map<std::string, size_t> ids_;
  std::vector<std::string> texts_;
};

/// Files that all threads share, and the kernel.
class Libraries {
 public:
  explicit Libraries(std::string machine) : machine_(std::move(machine)) {}
  size_t id_of(const StackFrame& frame, const Function& function);
  const std::string& name(size_t id) const { return libraries_[id].name; }
  std::string json() const;

 private:
  struct Library {
    std::string name;
    std::string path;
    std::string build_id;
  };
  std::string machine_;
  std::map<std::tuple<std::string, std::string, std::string>, size_t> ids_;
  std::vector<Library> libraries_;
};

/// Index of a frame's category in the profile's list of them.
enum class Category { other = 0, user = 1, kernel = 2 };

/// Stacks of one thread. What it is made with must outlive it.
class ThreadTables {
 public:
  ThreadTables(const SampledStacks& samples, Strings& strings, Libraries& libraries)
      : samples_(samples), strings_(strings), libraries_(libraries) {}

  /// The node of a stack in the tree; "null" for one without frames.
  std::string node_of(uint32_t stack);
  /// The members stackTable to nativeSymbols, without braces.
  std::string json() const;

 private:
  struct Frame {
    size_t function;
    Category category;
    int inline_depth;
    auto operator<=>(const Frame&) const = default;
  };
  struct Node {
    int64_t prefix;  ///< -1: a root
    size_t frame;
    auto operator<=>(const Node&) const = default;
  };
  int64_t node_of(const Node& node);
  size_t frame_of(const Frame& frame);
  size_t frame_of(const StackFrame& frame, int inline_depth);
  size_t frame_of_cut(StackEnd end);
  size_t function_of(const StackFrame& frame);
  size_t resource_of(size_t library);
  std::string stacks_json() const;
  std::string frames_json() const;
  std::string functions_json() const;
  std::string resources_json() const;

  const SampledStacks& samples_;
  Strings& strings_;
  Libraries& libraries_;
  std::unordered_map<uint32_t, int64_t> nodes_of_stacks_;
  std::map<Node, int64_t> node_ids_;
  std::vector<Node> nodes_;
  std::map<Frame, size_t> frame_ids_;
  std::vector<Frame> frames_;
  struct Named {
    size_t name;
    int64_t resource;  ///< -1: none
  };
  std::map<std::pair<uint32_t, size_t>, size_t> function_ids_;  ///< by function and library
  std::map<StackEnd, size_t> cut_ids_;                          ///< of functions
  std::vector<Named> functions_;
  std::map<size_t, size_t> resource_ids_;  ///< by library
  struct Resource {
    size_t library;
    size_t name;
  };
  std::vector<Resource> resources_;
};

/// "[1,2,3]": `value` gives what to print of each item.
template <class Items, class Value>
std::string column(const Items& items, Value value) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    fmt::format_to(std::back_inserter(out), "{}", value(item));
  }
  return out + "]";
}

}  // namespace thaw::firefox
