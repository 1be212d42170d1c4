#pragma once
// A capture and the truth that it is held against, with what several measures look at, made once.
// Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/timeline.h"
#include "profiler/analysis/truth.h"

namespace thaw {

/// Both must outlive it. Events must be in the capture with their samples among them.
class Held {
 public:
  Held(const Capture& capture, const Truth& truth, double tolerance);

  const Capture& capture;
  const Truth& truth;
  const double tolerance;  ///< a part of the true value: 0.001 is 0.1 %
  const Accounting books;
  const std::vector<ThreadTimeline> threads;  ///< by tid
  const std::vector<const Event*> events;     ///< of all CPUs, in one order of time

  int64_t start_ns() const { return start_ns_; }  ///< from when on every event is there
  int64_t end_ns() const { return end_ns_; }      ///< the capture's end, or its last event
  /// The capture was there all the time.
  bool covers(int64_t start_ns, int64_t end_ns) const;
  bool covers_load() const { return covers(truth.start_ns, truth.end_ns); }
  /// Why it was not; "" when it was.
  std::string why_not_covered(int64_t start_ns, int64_t end_ns) const;
  /// Everybody's switches are there.
  bool is_of_all() const { return capture.header().scope == "all"; }
  /// One without slices for a thread that the capture does not know.
  const ThreadTimeline& timeline_of(Tid tid) const;

 private:
  int64_t start_ns_;
  int64_t end_ns_;
};

/// Time in one state within [start_ns, end_ns).
int64_t time_in(const ThreadTimeline& thread, ThreadState state, int64_t start_ns, int64_t end_ns);

/// 0 of nothing.
inline double percent(double part, double whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

}  // namespace thaw
