#pragma once
// Perf records → what happened to processes' memory.

#include <optional>
#include <string_view>

#include "profiler/capture/build_ids.h"
#include "profiler/capture/process_news.h"

namespace thaw {

/// Reads build-ids of what is mapped; else pure. Used by one thread.
class ProcessRecords {
 public:
  /// Nothing for records that say nothing of memory, and for ones shorter than they ought to be.
  /// `record` is at least a perf_event_header.
  std::optional<ProcessNews> decode(std::string_view record);

 private:
  BuildIds build_ids_;
};

}  // namespace thaw
