#pragma once
// The BPF programs of one recording: loaded, attached, switched on and off, read out.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "profiler/base/errors.h"
#include "profiler/capture/brake.h"
#include "profiler/capture/plan.h"
#include "profiler/capture/unwind_maps.h"
#include "profiler/store/facts.h"

namespace thaw {

/// Owns the programs, their maps and their rings. Used by one thread.
///
///     load → begin → drain… → end → drain until 0 → tally
class Session {
 public:
  /// Loads and attaches everything; nothing is recorded yet. Fails with Environment when the kernel
  /// refuses a program (the verifier's last lines are in the message).
  static Result<Session> load(const CapturePlan& plan, const Features& features);
  Session(Session&&) noexcept;
  ~Session();

  /// Adds a process to record (and all its future children). For plans with only_targets.
  Status add_target(int32_t pid);
  /// From here on events are recorded.
  void begin();
  /// Ends the recording: each CPU closes its switch window, then the programs are detached.
  /// Beyond this point the kernel produces no new events.
  void end();
  /// Hands over what the rings hold now, as wire records (wire/event.h) of at least a header;
  /// returns their number. Within a ring in the kernel's order. Bytes that are no record are
  /// counted as bad_record.
  using Sink = std::function<void(const char* record, uint32_t bytes)>;
  size_t drain(const Sink& sink);
  /// Where the programs look for unwind tables; for plans with StackMode::Tables.
  UnwindMapFds unwind_maps() const;
  /// From here on less is taken, or more again.
  void shed(const Shedding& shedding);
  /// What the recording has cost up to now.
  CostSoFar cost_so_far() const;
  /// Counters as they stand. own_cpu_ns is this process's since begin().
  Tally tally() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thaw
