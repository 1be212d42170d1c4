#pragma once
// The timeline as it is built: events in, slices out, for those who do not want all of either at
// once. timeline.cc says how it is done.

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/analysis/timeline.h"

namespace thaw {

/// What must be known of all events before the first is taken.
class TimelineHints {
 public:
  /// In any order. Infrequent events (is_frequent()) need not be shown.
  void look_at(std::span<const Event> events);
  void look_at(const Sample& sample, CpuId cpu = {});

  struct First {
    int64_t time_ns = 0;
    Tid tid;
  };
  boost::unordered_flat_map<uint32_t, First> firsts;  ///< the first switch of each CPU
  struct Sampled {
    Pid pid;
    CpuId cpu;  ///< of the last one; of samples apart not known
  };
  boost::unordered_flat_map<int32_t, Sampled> sampled;  ///< threads with samples
  int64_t last_ns = 0;
};

/// Used by one thread. The capture and the hints must outlive it; events may be elsewhere.
///
///     take every event, in time order → finish
class TimelineBuilder {
 public:
  /// Threads are numbered from 0 as they appear. Of each, slices come in time order.
  using Sink = std::function<void(uint32_t thread, const Slice&)>;
  TimelineBuilder(const Capture& capture, const TimelineHints& hints, Sink sink);

  void take(const Event& event);
  /// The last slices, then nothing more may be taken.
  void finish();

  struct Known {
    Tid tid;
    Pid pid;
  };
  /// By number. With what was taken up to now.
  const std::vector<Known>& threads() const { return known_; }
  uint32_t number_of(Tid tid) { return thread(tid).number; }
  /// The last event or sample, or the end of the capture.
  int64_t end_ns() const;

 private:
  enum class Knowledge {
    nothing,  ///< no event of it yet
    state,    ///< Thread::state is what it does since Thread::since_ns
    gone,     ///< dead, or carried on under another tid
  };
  struct Waking {
    Tid by;
    StackId kernel_stack;
    StackId user_stack;
  };
  struct Thread {
    uint32_t number = 0;
    Knowledge known = Knowledge::nothing;
    ThreadState state = ThreadState::unknown;
    int64_t since_ns = 0;
    int64_t sliced_ns = 0;  ///< the end of its last slice
    CpuId cpu;
    bool was_there = false;  ///< when the capture began
    // The last waking that no wakeup has answered; see cases 1 and 2.
    bool is_being_woken = false;
    int64_t waking_ns = 0;
    Waking waking;
    // Where it blocked; of a waiting thread.
    StackId kernel_stack;
    StackId user_stack;
    StackEnd user_end = StackEnd::unknown;
  };
  Thread& thread(Tid tid);
  void set_pid(const Thread& thread, Pid pid) { known_[thread.number].pid = pid; }
  void switch_out(const Event& event);
  void switch_in(const Event& event);
  void waking(const Event& event);
  void wakeup(const Event& event);
  void born(const Event& event);
  void executed(const Event& event);
  void enter(Thread& thread, ThreadState state, int64_t at_ns, CpuId cpu);
  void close(Thread& thread, ThreadState state, int64_t end_ns, const Waking& waking = {});
  void begin_before(Thread& thread, ThreadState state, CpuId cpu);
  void begin_eventless(Thread& thread);

  const Capture& capture_;
  const TimelineHints& hints_;
  const Sink sink_;
  const bool is_whole_;  ///< case 6 may be applied
  int64_t start_ns_ = 0;
  int64_t last_ns_ = 0;
  std::vector<Known> known_;
  /// By number. A sink may make us know one more while we hold one: they must not move.
  std::deque<Thread> threads_;
  boost::unordered_flat_map<int32_t, uint32_t> numbers_;  ///< by tid
  boost::unordered_flat_map<uint32_t, Tid> running_;      ///< by CPU
};

}  // namespace thaw
