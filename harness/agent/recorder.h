#pragma once
// One program that records, from its start to the profile that it leaves: the subject, or what it
// is compared with.

#include <cstdint>
#include <functional>
#include <optional>

#include "harness/agent/child.h"
#include "harness/agent/messages.h"

namespace lab {

/// Lets the guest live for `seconds`, or until `is_over`; false when the time was up.
using WaitFor = std::function<bool(double seconds, const std::function<bool()>& is_over)>;

/// Owns the process. The plans must outlive it. Used by one thread, whose WaitFor calls collect().
class Recorder {
 public:
  /// `where` says for all recorders who they are and what they take for /.
  Recorder(const RecorderPlan& plan, const AgentPlan& where) : plan_(plan), where_(where) {}

  /// Starts it and waits until it is ready, has ended, or its time for that is over. That it cannot
  /// be started is told by seen().
  void start(const WaitFor& wait);
  /// Waits until nobody loads or attaches BPF programs any more, so that whoever starts next is not
  /// taken for who did.
  void settle(const WaitFor& wait);
  /// The load is over now.
  void note_end_of_load() { seen_.ended_early = has_ended(); }
  /// Tells it to end, and ends it when it does not. Nothing happens to one that did not start.
  void stop(const WaitFor& wait);
  /// Runs the program that makes its profile, if there is one.
  void convert(const WaitFor& wait);

  void collect();
  bool has_ended() const { return child_ && child_->exit_code(); }
  const Child* child() const { return child_ ? &*child_ : nullptr; }
  /// Of the program that makes the profile; null unless it runs.
  const Child* converter() const { return converter_ ? &*converter_ : nullptr; }
  int64_t started_ns() const { return started_ns_; }
  /// BPF programs that have been loaded since it was started.
  uint64_t programs() const;
  const RecorderSeen& seen() const { return seen_; }

 private:
  /// Of the whole guest.
  struct BpfCount {
    uint64_t programs = 0;
    uint64_t links = 0;
    friend bool operator==(const BpfCount&, const BpfCount&) = default;
  };
  static BpfCount bpf_now();
  /// In the subject's world; what it prints goes to `output_file` when there is one.
  ChildOptions child_of(std::vector<std::string> command, std::string output_file = "") const;
  bool is_ready();
  bool is_bpf_ready(uint64_t wanted);
  bool has_bpf_settled();

  const RecorderPlan& plan_;
  const AgentPlan& where_;
  RecorderSeen seen_;
  std::optional<Child> child_;
  std::optional<Child> converter_;
  BpfCount bpf_before_;
  BpfCount bpf_;  ///< when it last changed
  int64_t bpf_changed_ns_ = 0;
  int64_t started_ns_ = 0;
};

}  // namespace lab
