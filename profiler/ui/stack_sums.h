#pragma once
// Which stacks a stretch of time has on some lanes: summed up for flame graphs, or one after the
// other. Pure but for the names, which the caller gives.

#include <functional>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/lanes.h"

namespace thaw {

/// [from_ns, until_ns), since the capture's start.
struct TimeRange {
  int64_t from_ns = 0;
  int64_t until_ns = 0;
};

/// The number of a stack in the tree of names.
using NodeOf = std::function<uint32_t(const Trace&)>;

struct StackRow {
  uint32_t node = 0;
  int64_t weight = 0;  ///< samples, or ns
  uint64_t count = 0;  ///< samples, or waits
  LaneClass what = kRunning;
};

/// Adds up lanes, then gives the rows: equal stacks of equal class are one row, heaviest first.
class StackSums {
 public:
  explicit StackSums(const Lanes& lanes) : lanes_(lanes) {}

  void add_samples(const Lane& thread, TimeRange range);
  /// The samples of whoever had the CPU.
  void add_cpu_samples(const Lane& cpu, TimeRange range);
  /// Waits count with their time within the range.
  void add_waits(const Lane& thread, TimeRange range);

  std::vector<StackRow> running(const NodeOf& node_of) const;
  std::vector<StackRow> waiting(const NodeOf& node_of) const;
  /// Time waited, by the stack of who ended it; 0 where that is not known.
  std::vector<StackRow> wakers(const NodeOf& node_of) const;

 private:
  struct Waited {
    int64_t ns = 0;
    uint64_t count = 0;
  };
  template <class TraceOf>
  std::vector<StackRow> waits(const NodeOf& node_of, TraceOf trace_of) const;

  const Lanes& lanes_;
  boost::unordered_flat_map<uint32_t, uint64_t> samples_;  ///< by index of traces()
  /// By index of waits() and class.
  boost::unordered_flat_map<std::pair<uint32_t, LaneClass>, Waited> waits_;
};

struct StackBox {
  int64_t start_ns = 0;
  int64_t end_ns = 0;
  LaneClass what = kRunning;
  uint32_t node = 0;
  uint64_t count = 0;  ///< samples or waits in it

  friend bool operator==(const StackBox&, const StackBox&) = default;
};
struct StackBoxes {
  std::vector<StackBox> boxes;
  bool merged = false;
};

/// What the stack of a thread was over time. With more than `most` samples and waits in the range,
/// one box for each of `most` equal parts of it: what was in its middle.
StackBoxes stack_boxes(const Lanes& lanes, const Lane& thread, TimeRange range, size_t most,
                       const NodeOf& node_of);

/// Index of traces() of the sample in the range that is nearest before `time_ns`, else after it.
std::optional<uint32_t> sample_at(const Lane& thread, TimeRange range, int64_t time_ns);

}  // namespace thaw
