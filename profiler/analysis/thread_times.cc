// Sums over the timeline. Reasons are found once per distinct stack.

#include "profiler/analysis/thread_times.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "profiler/analysis/frame_names.h"
#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline.h"

namespace thaw {

namespace {

class Reasons {
 public:
  explicit Reasons(const Capture& capture) : capture_(capture) {}

  WaitReason of(StackId stack) {
    if (stack.value == 0) return WaitReason::unknown;
    const auto [entry, is_new] = known_.try_emplace(stack, WaitReason::unknown);
    if (is_new) entry->second = find(stack);
    return entry->second;
  }

 private:
  WaitReason find(StackId stack) {
    functions_.clear();
    for (const uint64_t address : capture_.stack(stack)) {
      // The leaf is in the scheduler: a place to return to like all others.
      const KernelFunction* function = kernel_function(capture_, address, false);
      if (function != nullptr) functions_.emplace_back(function->name);
    }
    return wait_reason(functions_);
  }

  const Capture& capture_;
  std::unordered_map<StackId, WaitReason> known_;
  std::vector<std::string_view> functions_;
};

class Summing {
 public:
  explicit Summing(const Capture& capture)
      : capture_(capture), reasons_(capture), names_(thread_names(capture)) {
    if (capture.header().scope == "all") return;
    for (const Event& event : capture.events())
      if (event.kind != EventKind::sched_switch) recorded_.insert(event.pid);
  }

  std::vector<ThreadTimes> all() {
    std::vector<ThreadTimes> result;
    for (const ThreadTimeline& thread : build_timeline(capture_))
      if (is_recorded(thread.pid)) result.push_back(sum(thread));
    std::ranges::sort(result, [](const ThreadTimes& a, const ThreadTimes& b) {
      return std::tie(b.running_ns, a.tid) < std::tie(a.running_ns, b.tid);
    });
    return result;
  }

 private:
  /// Of somebody else a capture of some processes has only the switches from and to them.
  bool is_recorded(Pid pid) const {
    return capture_.header().scope == "all" || recorded_.contains(pid);
  }

  std::string name_of_thread(Tid tid) const {
    if (tid.value == 0) return "";
    const auto found = names_.find(tid);
    return found == names_.end() ? "" : found->second.name;
  }

  ThreadTimes sum(const ThreadTimeline& thread) {
    ThreadTimes times{.tid = thread.tid, .pid = thread.pid, .name = name_of_thread(thread.tid)};
    std::unordered_map<Tid, uint64_t> wakers;
    for (const Slice& slice : thread.slices) {
      add(slice, times);
      // The last slice ends with the capture, not with a waker.
      if (slice.state == ThreadState::waiting && &slice != &thread.slices.back())
        wakers[slice.waker]++;
    }
    for (const auto& [tid, count] : wakers)
      times.wakers.push_back({tid, name_of_thread(tid), count});
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
        break;
      }
    }
  }

  const Capture& capture_;
  Reasons reasons_;
  std::unordered_map<Tid, ThreadName> names_;
  std::unordered_set<Pid> recorded_;
};

}  // namespace

std::vector<ThreadTimes> thread_times(const Capture& capture) {
  return Summing(capture).all();
}

}  // namespace thaw
