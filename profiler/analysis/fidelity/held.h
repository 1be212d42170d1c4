#pragma once
// A capture and the truth that it is held against, with what several measures look at, made once.
// Pure.

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "profiler/analysis/accounting.h"
#include "profiler/analysis/fidelity/cpu_history.h"
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
  const int64_t start_ns;                     ///< from when on every event is there
  const int64_t end_ns;                       ///< the capture's end, or its last event
  const std::vector<CpuHistory> cpus;         ///< by CPU

  /// The capture was there all the time.
  bool covers(int64_t from_ns, int64_t until_ns) const;
  bool covers_load() const { return covers(truth.start_ns, truth.end_ns); }
  /// Why it was not; "" when it was.
  std::string why_not_covered(int64_t from_ns, int64_t until_ns) const;
  /// A switch says who leaves and who comes; see kOneSided.
  bool knows_both_sides() const { return capture.header().transport != kPerfEventsAlone; }
  /// How many events can be missing for a reason that the capture tells: lost by name, or switches
  /// that only the kernel counted.
  uint64_t unseen_at_most() const;
  /// Whether a thread is one of those that were to be recorded; nobody (0) is not.
  bool is_recorded(Tid tid) const { return tid.value != 0 && (is_of_all_ || tids_.contains(tid)); }
  /// Why nothing can be said of how often samples had to come; "" when it can.
  std::string why_no_rate() const;
  /// Samples a second that are due of a busy CPU: as asked, less what the brake left out.
  double samples_hz() const;
  /// Samples that were lost by name: of all that is lost, what can have been samples.
  uint64_t samples_lost_at_most() const;
  /// One without slices for a thread that the capture does not know.
  const ThreadTimeline& timeline_of(Tid tid) const;

 private:
  uint64_t samples_shed() const;

  bool is_of_all_;
  std::unordered_set<Tid> tids_;  ///< empty when all are recorded
};

/// Why measures of switches are not available without BPF.
inline constexpr char kOneSided[] = "without BPF a switch says who left or who came, seldom both";

/// What lies between two samples of a CPU.
struct Hole {
  CpuId cpu;
  int64_t busy_ns = 0;       ///< of it, in which a thread ran for sure that was to be sampled
  int64_t end_ns = 0;        ///< when the next sample came, or the last run ended
  bool is_answered = false;  ///< that sample is of such a thread
};
/// Busy periods of a hole from which on it is not the rate that is wrong: a timer with periods
/// drawn at random and started anew now and then leaves at most 2.6 of them. Longer ones are of a
/// timer that did not run.
inline constexpr double kHolePeriods = 4;
/// In time order; the one after the last sample too.
void each_hole(const Held& held, const CpuHistory& history,
               const std::function<void(const Hole&)>& visit);

/// Time in one state within [start_ns, end_ns).
int64_t time_in(const ThreadTimeline& thread, ThreadState state, int64_t start_ns, int64_t end_ns);

/// 0 of nothing.
inline double percent(double part, double whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

}  // namespace thaw
