#pragma once
// A recording without BPF: perf events that sample threads and tell of their switches.

#include <memory>

#include "profiler/capture/event_source.h"
#include "profiler/capture/features.h"
#include "profiler/capture/plan.h"

namespace thaw {

/// Owns one event per CPU, for all processes or for each thread that was there when its process was
/// added; what a thread starts later is followed by the kernel. One buffer per CPU.
class PerfSession : public EventSource {
 public:
  /// Fails with Environment when the kernel refuses the events.
  static Result<std::unique_ptr<PerfSession>> open(const CapturePlan& plan,
                                                   const Features& features);
  ~PerfSession() override;

  Status add_target(int32_t pid) override;
  void begin() override;
  int64_t end() override;
  size_t drain(const Sink& sink) override;
  void hear(std::vector<ProcessNews>& into) override;
  int patience_ms() const override;
  std::optional<UnwindMapFds> unwind_maps() const override { return std::nullopt; }
  void shed(const Shedding& shedding) override;
  CostSoFar cost_so_far() const override;
  Tally tally() const override;

 private:
  struct State;
  explicit PerfSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thaw
