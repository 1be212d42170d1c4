#pragma once
// One order for the events of all CPUs. Pure.

#include <cstdint>
#include <span>
#include <vector>

#include "profiler/store/reader.h"

namespace thaw {

/// Gives events by time; the events must outlive it. Within a CPU, events of equal time keep their
/// file order; between CPUs the lower number goes first.
class EventMerge {
 public:
  explicit EventMerge(std::span<const Event> events);

  /// Null at the end.
  const Event* next();

 private:
  /// What is left of one CPU's events: indices into events_, in time order.
  struct Queue {
    CpuId cpu;
    std::vector<uint32_t> order;
    size_t at = 0;
  };
  const Event& head(const Queue& queue) const { return events_[queue.order[queue.at]]; }
  bool is_later(uint32_t a, uint32_t b) const;

  std::span<const Event> events_;
  std::vector<Queue> queues_;
  std::vector<uint32_t> heap_;  ///< indices of queues that have something left
};

/// The same of the frequent events of a streamed capture, holding only those whose order is not
/// sure yet. `earliest_ns` has the first time of each chunk.
void merge_streamed(const StreamedCapture& capture, std::span<const int64_t> earliest_ns,
                    const std::function<void(const Event&)>& visit);

}  // namespace thaw
