#pragma once
// CPUs that deliver nothing although a thread is on them. Pure.

#include <cstdint>
#include <unordered_set>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "profiler/store/reader.h"

namespace thaw {

struct Silence {
  CpuId cpu;
  int64_t start_ns = 0;  ///< of the last event of this CPU before it
  int64_t end_ns = 0;    ///< of the first after it, or of the capture
  Tid tid;               ///< who was on it
  StackId kernel_stack;  ///< where the CPU was when it came back; 0 when that was not recorded
};

/// For those who have the events in time order and not all at once. The capture must outlive it;
/// its events may be elsewhere.
///
///     saw_sample_of every thread with samples → take every event, in time order → finish
class SilenceFinder {
 public:
  explicit SilenceFinder(const Capture& capture);
  void saw_sample_of(Tid tid) { sampled_.insert(tid.value); }
  void take(const Event& event);
  std::vector<Silence> finish();

 private:
  struct Cpu {
    int64_t last_ns = 0;
    Tid runs;
  };
  void add(const Silence& silence);

  const Capture& capture_;
  int64_t threshold_ns_ = 0;  ///< 0: there can be none
  bool is_all_ = false;
  std::unordered_set<int32_t> sampled_;
  boost::unordered_flat_map<uint32_t, Cpu> cpus_;
  std::vector<Silence> silences_;
};

/// By start time. Empty for a capture without samples at a rate of its own, in which nothing is due
/// at any time; for a damaged one, which has holes of its own; and with samples apart.
std::vector<Silence> find_silences(const Capture& capture);

}  // namespace thaw
