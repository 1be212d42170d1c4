#pragma once
// A capture as a viewer wants it: what every thread did at every time, small enough to keep ten
// million events in memory and indexed so that any stretch of time is summed up at once. Pure.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/analysis/call_stack.h"
#include "profiler/analysis/freezes.h"
#include "profiler/analysis/wait_reason.h"

namespace thaw {

/// What a lane does at a time. The viewer's protocol (ui/PROTOCOL.md) has the same numbers.
using LaneClass = uint8_t;
inline constexpr LaneClass kRunning = 0;
inline constexpr LaneClass kStalled = 1;  ///< had a CPU, and the CPU stood still: part of a freeze
inline constexpr LaneClass kReady = 2;
inline constexpr LaneClass kFirstWait = 3;  ///< waits by WaitReason
inline constexpr LaneClass kUnknown = kFirstWait + kWaitReasons;
inline constexpr int kLaneClasses = kUnknown + 1;
inline constexpr LaneClass kNothing = 255;  ///< it is not there, or nothing is known

constexpr bool is_wait(LaneClass what) {
  return what >= kFirstWait && what < kUnknown;
}
const char* name_of_class(LaneClass what);  ///< "running", "stalled", …, "unknown"

/// Time per class, in ns.
using ClassTimes = std::array<int64_t, kLaneClasses>;

/// Where a lane begins to do something; it does so until the next one begins.
struct LaneSlice {
  int64_t start_ns = 0;  ///< since Lanes::start_ns
  /// Of a wait: index of Lanes::waits. Of a CPU's lane: that of the thread's lane. Else the CPU.
  uint32_t detail = 0;
  LaneClass what = kNothing;
};

/// Where and how a wait began and ended; equal ones are one.
struct LaneWait {
  Trace blocked;
  Trace waker_trace;
  Tid waker;  ///< 0: an interrupt on an idle CPU, or unknown

  friend bool operator==(const LaneWait&, const LaneWait&) = default;
};

/// One thread, or one CPU. Immutable once made.
class Lane {
 public:
  Tid tid;
  Pid pid;
  std::string name;     ///< the last it had; "" when it was never named
  std::string process;  ///< that of its process's first thread
  uint64_t switches = 0;
  ClassTimes times{};  ///< over the whole capture

  /// In time order. The last is kNothing, where the lane ends; empty when nothing is known of it.
  std::span<const LaneSlice> slices() const { return slices_; }
  /// Index of the slice at `time_ns`: the last that begins at or before it. Must not be before the
  /// first.
  size_t slice_at(int64_t time_ns) const;
  /// Time per class in [from_ns, until_ns), in logarithmic time.
  ClassTimes times_in(int64_t from_ns, int64_t until_ns) const;

  /// Of a thread that was sampled: when, and index of Lanes::traces; by time.
  struct Samples {
    std::vector<int64_t> times_ns;
    std::vector<uint32_t> traces;
  };
  Samples samples;

 private:
  friend class LanesMaker;
  friend class CpuLanesMaker;
  void append(const LaneSlice& slice);
  void mark_stalled(std::span<const Freeze::Part> parts, int64_t origin_ns);
  void index();
  ClassTimes times_before(int64_t time_ns) const;

  static constexpr size_t kBlock = 64;  ///< slices per sum
  std::vector<LaneSlice> slices_;
  std::vector<ClassTimes> sums_;  ///< [i]: of the slices before i × kBlock
};

/// The threads of a capture, and what their slices refer to.
class Lanes {
 public:
  /// Reads a capture once over, and once more in time order. Fails as Capture::load().
  static Result<Lanes> load(const std::filesystem::path& path);
  static Result<Lanes> parse(std::string bytes, std::string_view name);

  const Capture& capture() const { return streamed_.capture(); }
  /// CLOCK_MONOTONIC of time 0 of all lanes.
  int64_t start_ns() const { return start_ns_; }
  int64_t length_ns() const { return length_ns_; }
  /// Processes by activity, the threads of a process together and by activity: those that ran most
  /// first.
  const std::vector<Lane>& threads() const { return threads_; }
  const std::vector<LaneWait>& waits() const { return waits_; }
  const std::vector<Trace>& traces() const { return traces_; }  ///< of samples
  /// Of 1 ms or more. Times are CLOCK_MONOTONIC's.
  const std::vector<Freeze>& freezes() const { return freezes_; }
  uint64_t events() const { return events_; }    ///< all of the capture's
  uint64_t samples() const { return samples_; }  ///< of threads
  bool has_wait_stacks() const { return has_wait_stacks_; }
  bool has_waker_stacks() const { return has_waker_stacks_; }

  /// One lane per CPU, by number, made from those of the threads: takes a while for millions of
  /// switches.
  std::vector<Lane> make_cpus() const;

 private:
  friend class LanesMaker;
  explicit Lanes(StreamedCapture streamed) : streamed_(std::move(streamed)) {}

  StreamedCapture streamed_;
  int64_t start_ns_ = 0;
  int64_t length_ns_ = 0;
  std::vector<Lane> threads_;
  std::vector<LaneWait> waits_;
  std::vector<Trace> traces_;
  std::vector<Freeze> freezes_;
  uint64_t events_ = 0;
  uint64_t samples_ = 0;
  bool has_wait_stacks_ = false;
  bool has_waker_stacks_ = false;
};

}  // namespace thaw
