// Sums over the timeline.

#include "profiler/analysis/thread_times.h"

#include <algorithm>
#include <unordered_map>

#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline.h"

namespace thaw {

namespace {

class Summing {
 public:
  explicit Summing(const Capture& capture)
      : capture_(capture), reasons_(capture), names_(thread_names(capture)), recorded_(capture) {}

  std::vector<ThreadTimes> all() {
    std::vector<ThreadTimes> result;
    for (const ThreadTimeline& thread : build_timeline(capture_))
      if (recorded_.has(thread.pid)) result.push_back(sum(thread));
    std::ranges::sort(result, [](const ThreadTimes& a, const ThreadTimes& b) {
      return std::tie(b.running_ns, a.tid) < std::tie(a.running_ns, b.tid);
    });
    return result;
  }

 private:
  std::string name_of_thread(Tid tid) const {
    if (tid.value == 0) return "";
    const auto found = names_.find(tid);
    return found == names_.end() ? "" : found->second.name;
  }

  ThreadTimes sum(const ThreadTimeline& thread) {
    ThreadTimes times{.tid = thread.tid, .pid = thread.pid, .name = name_of_thread(thread.tid)};
    std::unordered_map<Tid, Waits> wakers;
    for (const Slice& slice : thread.slices) {
      add(slice, times);
      // The last slice ends with the capture, not with a waker.
      if (slice.state != ThreadState::waiting || &slice == &thread.slices.back()) continue;
      if (!capture_.header().has_wake_ups()) continue;
      Waits& ended = wakers[slice.waker];
      ended.count++;
      ended.ns += slice.end_ns - slice.start_ns;
    }
    for (const auto& [tid, ended] : wakers)
      times.wakers.push_back({tid, name_of_thread(tid), ended.count, ended.ns});
    std::ranges::sort(times.wakers, [](const Waker& a, const Waker& b) {
      return std::tie(b.count, a.tid) < std::tie(a.count, b.tid);
    });
    return times;
  }

  void add(const Slice& slice, ThreadTimes& times) {
    const int64_t length_ns = slice.end_ns - slice.start_ns;
    switch (slice.state) {
      case ThreadState::running:
        times.switches++;
        times.running_ns += length_ns;
        break;
      case ThreadState::ready:
        times.ready_ns += length_ns;
        break;
      case ThreadState::unknown:
        times.unknown_ns += length_ns;
        break;
      case ThreadState::waiting: {
        times.waiting_ns += length_ns;
        Waits& waits = times.waits[static_cast<size_t>(reasons_.of(slice.kernel_stack))];
        waits.count++;
        waits.ns += length_ns;
        if (is_left_out_by_brake(slice.kernel_stack, slice.user_end)) {
          times.shed.count++;
          times.shed.ns += length_ns;
        }
        break;
      }
    }
  }

  const Capture& capture_;
  WaitReasons reasons_;
  std::unordered_map<Tid, ThreadName> names_;
  RecordedProcesses recorded_;
};

}  // namespace

std::vector<ThreadTimes> thread_times(const Capture& capture) {
  return Summing(capture).all();
}

}  // namespace thaw
