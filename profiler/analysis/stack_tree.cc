// A stack is leaf first; its place in the tree is found from the other end.

#include "profiler/analysis/stack_tree.h"

#include <ranges>

namespace thaw {

StackTree::StackTree(const Capture& capture, const NameOptions& options)
    : stacks_(capture, options), nodes_(1) {}

uint32_t StackTree::node_of(const Trace& trace) {
  const auto [known, is_new] = known_.try_emplace(trace, 0);
  if (!is_new) return known->second;
  uint32_t at = 0;
  for (const CallFrame& frame : stacks_.frames(trace) | std::views::reverse) {
    const Node node{at, frame.function, frame.line, frame.is_inlined};
    const auto [child, is_new_node] =
        children_.try_emplace(node, static_cast<uint32_t>(nodes_.size()));
    if (is_new_node) {
      nodes_.push_back(node);
      if (frame.function >= is_kernel_.size()) is_kernel_.resize(frame.function + 1);
      is_kernel_[frame.function] = frame.is_kernel;
    }
    at = child->second;
  }
  known->second = at;
  return at;
}

}  // namespace thaw
