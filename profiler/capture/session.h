#pragma once
// The BPF programs of one recording: loaded, attached, switched on and off, read out.

#include <cstdint>
#include <memory>

#include "profiler/base/errors.h"
#include "profiler/capture/event_source.h"
#include "profiler/capture/features.h"
#include "profiler/capture/plan.h"

namespace thaw {

/// Owns the programs, their maps and their rings. At the end each CPU closes its switch window,
/// then the programs are detached.
class Session : public EventSource {
 public:
  /// Loads and attaches everything; nothing is recorded yet. Fails with Environment when the kernel
  /// refuses a program (the verifier's last lines are in the message).
  static Result<std::unique_ptr<Session>> load(const CapturePlan& plan, const Features& features);
  ~Session() override;

  Status add_target(int32_t pid) override;
  void begin() override;
  int64_t end() override;
  size_t drain(const Sink& sink) override;
  void hear(std::vector<ProcessNews>&) override {}
  int patience_ms() const override;
  std::optional<UnwindMapFds> unwind_maps() const override;
  void shed(const Shedding& shedding) override;
  CostSoFar cost_so_far() const override;
  Tally tally() const override;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace thaw
