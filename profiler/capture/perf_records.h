#pragma once
// Perf records of sampled threads → the wire records that a BPF program would have written
// (wire/event.h), so that everything behind the rings is the same for both. Pure.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "profiler/wire/event.h"

namespace thaw {

/// What the events were asked for. A sample holds its sample_id, then these parts in this order.
struct PerfRecordsOf {
  bool call_chain = false;  ///< PERF_SAMPLE_CALLCHAIN
  bool stack_copy = false;  ///< PERF_SAMPLE_REGS_USER of kStackRegisters, PERF_SAMPLE_STACK_USER
  emit_level sample_level = LEVEL_TIMER;  ///< from where samples come; or LEVEL_NMI
  bool whole_machine = false;             ///< events of CPUs, not of processes
};
/// rbp, rsp and rip in enum perf_event_x86_regs; the kernel writes them in this order.
inline constexpr uint64_t kStackRegisters = 1 << 6 | 1 << 7 | 1 << 8;

/// Remembers the names of threads, which a new one inherits, and which threads are about to end.
/// Used by one thread.
class PerfRecords {
 public:
  explicit PerfRecords(const PerfRecordsOf& of) : of_(of) {}

  /// Calls `sink` with each wire record that comes of a perf record, which is at least a
  /// perf_event_header: none for kinds that say nothing of threads, two when a thread ends. A
  /// record that contradicts itself is counted as bad.
  using Sink = std::function<void(const char* record, uint32_t bytes)>;
  void take(std::string_view record, const Sink& sink);
  /// Of a thread that was there before.
  void name(uint32_t tid, std::string_view name) { names_[tid] = name; }

  /// Wire records made, by kind.
  const std::array<uint64_t, EVENT_KINDS>& happened() const { return happened_; }
  uint64_t bad() const { return bad_; }
  uint64_t lost() const { return lost_; }            ///< records of any kind, as the kernel said
  uint64_t throttled() const { return throttled_; }  ///< times that a CPU's samples were stopped
  uint64_t cut() const { return cut_; }              ///< stacks with more frames than are kept

 private:
  bool take_sample(std::string_view record, const Sink& sink);
  bool take_switch(std::string_view record, const Sink& sink);
  bool take_name(std::string_view record, const Sink& sink);
  bool take_task(std::string_view record, const Sink& sink);
  bool take_known(std::string_view record, const Sink& sink);
  void emit(std::string& wire, const Sink& sink);
  template <class WireEvent>
  void emit_event(const WireEvent& event, const Sink& sink);
  void end_thread(sched_switch_event last, const Sink& sink);

  PerfRecordsOf of_;
  std::unordered_map<uint32_t, std::string> names_;
  struct Ended {
    uint32_t pid = 0;
    uint32_t tid = 0;
  };
  std::unordered_map<uint32_t, Ended> ended_on_;  ///< by CPU: who exited there last
  std::unordered_set<uint32_t> ending_;  ///< they have exited and will be switched out once more
  std::array<uint64_t, EVENT_KINDS> happened_{};
  uint64_t bad_ = 0;
  uint64_t lost_ = 0;
  uint64_t throttled_ = 0;
  uint64_t cut_ = 0;
};

}  // namespace thaw
