#pragma once
// All stacks of a capture as one tree from the outermost caller to the leaf, grown as they are
// asked for. Reads files of this machine for the names; changes nothing.

#include <cstdint>
#include <span>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/call_stack.h"

namespace thaw {

/// The capture must outlive it. Used by one thread.
class StackTree {
 public:
  explicit StackTree(const Capture& capture, const NameOptions& options = {});

  struct Node {
    uint32_t parent = 0;  ///< smaller than its own number
    uint32_t function = 0;
    uint32_t line = 0;        ///< in the function's source; 0 unknown
    bool is_inlined = false;  ///< into its parent

    friend bool operator==(const Node&, const Node&) = default;
  };

  /// The node of its leaf; 0, the root, when no stack was recorded.
  uint32_t node_of(const Trace& trace);
  /// The root first.
  std::span<const Node> nodes() const { return nodes_; }
  const FrameNames& names() const { return stacks_.names(); }
  /// Of a function that is in some node.
  bool is_kernel(uint32_t function) const {
    return function < is_kernel_.size() && is_kernel_[function];
  }

 private:
  struct NodeHash {
    size_t operator()(const Node& node) const {
      uint64_t hash = node.parent * 0x9e3779b97f4a7c15 + node.function;
      hash = hash * 0x9e3779b97f4a7c15 + node.line * 2 + (node.is_inlined ? 1 : 0);
      return hash ^ (hash >> 29);
    }
  };

  CallStacks stacks_;
  std::vector<Node> nodes_;
  std::vector<bool> is_kernel_;  ///< by function
  boost::unordered_flat_map<Node, uint32_t, NodeHash> children_;
  boost::unordered_flat_map<Trace, uint32_t, std::hash<Trace>> known_;
};

}  // namespace thaw
