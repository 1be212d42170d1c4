#pragma once
// The kernel side of a recording, whichever way it is done: by BPF programs (session.h) or by perf
// events alone (perf_session.h).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/capture/brake.h"
#include "profiler/capture/features.h"
#include "profiler/capture/plan.h"
#include "profiler/capture/process_news.h"
#include "profiler/capture/unwind_maps.h"
#include "profiler/store/facts.h"

namespace thaw {

/// Used by one thread.
///
///     add_target… → begin → drain… → end → drain until 0 → tally
class EventSource {
 public:
  virtual ~EventSource() = default;

  /// Adds a process to record (and all its future children). For plans with only_targets.
  virtual Status add_target(int32_t pid) = 0;
  /// From here on events are recorded.
  virtual void begin() = 0;
  /// Beyond this point the kernel produces no new events. Returns the time of the last moment at
  /// which it did: taking down what made them can take much longer.
  virtual int64_t end() = 0;
  /// Hands over what there is now, as wire records (wire/event.h) of at least a header; returns
  /// their number. Of one CPU in the kernel's order. Bytes that are no record are counted as
  /// bad_record.
  using Sink = std::function<void(const char* record, uint32_t bytes)>;
  virtual size_t drain(const Sink& sink) = 0;
  /// Appends what the last drain() brought of processes' memory, in the order of its times. Nothing
  /// where that comes from a MappingWatch.
  virtual void hear(std::vector<ProcessNews>& into) = 0;
  /// After so long without a drain() events may be lost.
  virtual int patience_ms() const = 0;
  /// Where unwind tables are looked up; for plans with StackMode::Tables.
  virtual std::optional<UnwindMapFds> unwind_maps() const = 0;
  /// From here on less is taken, or more again.
  virtual void shed(const Shedding& shedding) = 0;
  /// What the recording has cost up to now.
  virtual CostSoFar cost_so_far() const = 0;
  /// Counters as they stand. own_cpu_ns is this process's since begin().
  virtual Tally tally() const = 0;
};

/// The one that the plan asks for. Fails with Environment when the kernel refuses it.
///
/// Stands in a file of its own, alone: a program that links another of this name before the library
/// records through that one (tests/mutants).
Result<std::unique_ptr<EventSource>> open_event_source(const CapturePlan& plan,
                                                       const Features& features);

}  // namespace thaw
