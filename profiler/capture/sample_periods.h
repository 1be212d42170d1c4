#pragma once
// How far apart the samples of a CPU are: at random, so that a load with a period of its own is
// nothing special. sample_periods.cc says how, and how far that goes.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <thread>
#include <vector>

namespace thaw {

/// The periods of one CPU's timer, which the kernel starts anew with each of them: one holds for 16
/// to 32 samples, and is drawn so that there are `hz` samples a second in the long run. Pure.
class PeriodWalk {
 public:
  /// Equal arguments give equal periods at equal times.
  PeriodWalk(uint32_t hz, uint32_t seed, uint32_t cpu);

  /// When the timer is given its first period.
  uint64_t begin(int64_t now_ns);
  /// A new period for the timer, which is to have it at once; nothing while the last one holds.
  std::optional<uint64_t> next(int64_t now_ns);
  /// Until when the last one holds.
  int64_t ends_ns() const { return ends_ns_; }

 private:
  uint64_t draw(int64_t now_ns);
  double random(double low, double high);

  double hz_;
  std::mt19937_64 numbers_;
  int64_t began_ns_ = 0;  ///< when the period was given
  int64_t ends_ns_ = 0;   ///< and until when it holds at least
  double period_ns_ = 0;
  double late_ns_ = 0;  ///< by which it is looked at after it ended, on average
  double owed_ = 0;     ///< samples that are missing up to now
};

/// The sampling timers of a recording's CPUs, and a thread that gives them new periods in time,
/// with the priority of a real-time thread where that is allowed: one that comes a second late has
/// let one period hold for a second. Else used by one thread.
class SampleTimers {
 public:
  SampleTimers(uint32_t hz, uint32_t seed) : hz_(hz), seed_(seed) {}
  ~SampleTimers() { end(); }
  /// `event` is a perf event of cpu-clock on `cpu` alone, and stays its owner's until end(). Before
  /// begin().
  void add(uint32_t cpu, int event);
  /// The recording begins. A kernel that refuses a period keeps the one it has.
  void begin();
  /// From here on no event is touched.
  void end();

 private:
  void run(const std::stop_token& stop);
  struct Timer {
    int event;
    PeriodWalk walk;
  };
  uint32_t hz_;
  uint32_t seed_;
  std::vector<Timer> timers_;
  std::mutex mutex_;
  std::condition_variable_any end_;
  std::jthread thread_;  ///< after what it uses
};

/// For events of threads, whose copies in new threads nobody can reach: each CPU's have one period
/// for good, shorter than was asked for, and of the samples so many are left out, each by chance,
/// that `hz` a second are left of whatever period it is.
class ThinnedPeriods {
 public:
  ThinnedPeriods(uint32_t hz, uint32_t seed, const std::vector<uint32_t>& cpus);

  /// Of one of these CPUs, as all below.
  uint64_t period_ns(uint32_t cpu) const { return periods_ns_.at(cpu); }
  /// Whether the next sample of this CPU stays.
  bool keeps(uint32_t cpu);

 private:
  double asked_ns_;
  std::map<uint32_t, uint64_t> periods_ns_;  ///< by CPU
  std::mt19937_64 numbers_;
};

}  // namespace thaw
