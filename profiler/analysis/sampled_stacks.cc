// Samples refer to stacks, stacks to frames, frames to functions; each of these is stored once, as
// every export format wants it. Equal traces are named once.

#include "profiler/analysis/sampled_stacks.h"

#include <algorithm>
#include <unordered_map>

#include "profiler/analysis/call_stack.h"
#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline.h"

namespace thaw {

namespace {

struct FrameHash {
  size_t operator()(const StackFrame& frame) const {
    uint64_t hash = frame.address * 0x9e3779b97f4a7c15 + frame.function;
    hash = hash * 0x9e3779b97f4a7c15 + reinterpret_cast<uintptr_t>(frame.mapping);
    return hash ^ (hash >> 29);
  }
};

struct EndedTrace {
  Trace trace;
  StackEnd user_end = StackEnd::unknown;

  friend bool operator==(const EndedTrace&, const EndedTrace&) = default;
};

struct EndedTraceHash {
  size_t operator()(const EndedTrace& one) const {
    return std::hash<Trace>()(one.trace) ^ static_cast<size_t>(one.user_end);
  }
};

}  // namespace

class SampledStacksMaker {
 public:
  explicit SampledStacksMaker(const Capture& capture)
      : capture_(capture), stacks_(capture), names_(thread_names(capture)) {}

  SampledStacks samples();
  SampledStacks waits();

 private:
  uint32_t stack_of(const EndedTrace& ended);
  uint32_t frame_of(const CallFrame& frame, const Trace& trace);
  uint32_t thread_of(Tid tid, Pid pid);
  std::string name_of(Tid tid) const;
  void add(const EndedTrace& ended, Tid tid, Pid pid, StackSample sample);
  SampledStacks finish();
  void sort_threads();

  const Capture& capture_;
  CallStacks stacks_;
  const std::unordered_map<Tid, ThreadName> names_;
  SampledStacks result_;
  std::unordered_map<EndedTrace, uint32_t, EndedTraceHash> stack_ids_;
  std::unordered_map<StackFrame, uint32_t, FrameHash> frame_ids_;
  std::unordered_map<Tid, uint32_t> thread_ids_;
};

uint32_t SampledStacksMaker::frame_of(const CallFrame& frame, const Trace& trace) {
  StackFrame named{frame.function, frame.address, frame.is_kernel, frame.is_inlined, nullptr};
  if (!frame.is_kernel) named.mapping = stacks_.names().spaces().find(trace.program, frame.address);
  const auto [entry, is_new] =
      frame_ids_.try_emplace(named, static_cast<uint32_t>(result_.frames.size()));
  if (is_new) result_.frames.push_back(named);
  return entry->second;
}

uint32_t SampledStacksMaker::stack_of(const EndedTrace& ended) {
  const auto [entry, is_new] =
      stack_ids_.try_emplace(ended, static_cast<uint32_t>(result_.ends_.size()));
  if (is_new) {
    for (const CallFrame& frame : stacks_.frames(ended.trace))
      result_.stacked_.push_back(frame_of(frame, ended.trace));
    result_.ends_.push_back(result_.stacked_.size());
    result_.user_ends_.push_back(ended.user_end);
  }
  return entry->second;
}

std::string SampledStacksMaker::name_of(Tid tid) const {
  const auto found = names_.find(tid);
  return found == names_.end() ? "" : found->second.name;
}

uint32_t SampledStacksMaker::thread_of(Tid tid, Pid pid) {
  const auto [entry, is_new] =
      thread_ids_.try_emplace(tid, static_cast<uint32_t>(result_.threads.size()));
  if (is_new) result_.threads.push_back({tid, pid, name_of(tid), name_of(Tid(pid.value)), 0});
  return entry->second;
}

void SampledStacksMaker::add(const EndedTrace& ended, Tid tid, Pid pid, StackSample sample) {
  sample.thread = thread_of(tid, pid);
  sample.stack = stack_of(ended);
  result_.threads[sample.thread].weight += sample.weight;
  result_.samples.push_back(sample);
}

void SampledStacksMaker::sort_threads() {
  std::vector<uint32_t> order(result_.threads.size());
  for (uint32_t i = 0; i < order.size(); i++) order[i] = i;
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    const SampledThread& one = result_.threads[a];
    const SampledThread& other = result_.threads[b];
    return std::tie(other.weight, one.tid) < std::tie(one.weight, other.tid);
  });
  std::vector<uint32_t> place(order.size());
  std::vector<SampledThread> sorted;
  for (const uint32_t old : order) {
    place[old] = static_cast<uint32_t>(sorted.size());
    sorted.push_back(std::move(result_.threads[old]));
  }
  result_.threads = std::move(sorted);
  for (StackSample& sample : result_.samples) sample.thread = place[sample.thread];
}

SampledStacks SampledStacksMaker::finish() {
  for (uint32_t id = 0; id < stacks_.names().functions(); id++)
    result_.functions.push_back(stacks_.names().function(id));
  std::ranges::stable_sort(result_.samples, {}, &StackSample::time_ns);
  sort_threads();
  return std::move(result_);
}

SampledStacks SampledStacksMaker::samples() {
  for (const Event& event : capture_.events()) {
    if (event.kind != EventKind::sample || event.tid.value == 0) continue;
    add({stacks_.trace_of(event), event.user_end}, event.tid, event.pid,
        {.time_ns = event.time_ns, .weight = 1, .cpu = event.cpu});
  }
  return finish();
}

SampledStacks SampledStacksMaker::waits() {
  result_.kind = SampledStacks::Kind::waits;
  const RecordedProcesses recorded(capture_);
  for (const ThreadTimeline& thread : build_timeline(capture_)) {
    if (!recorded.has(thread.pid)) continue;
    for (const Slice& slice : thread.slices) {
      if (slice.state != ThreadState::waiting) continue;
      add({stacks_.trace_of_wait(thread.pid, slice.start_ns, slice.kernel_stack, slice.user_stack),
           slice.user_end},
          thread.tid, thread.pid,
          {.time_ns = slice.start_ns, .weight = slice.end_ns - slice.start_ns, .cpu = slice.cpu});
    }
  }
  return finish();
}

std::span<const uint32_t> SampledStacks::stack(uint32_t id) const {
  const size_t first = id == 0 ? 0 : ends_[id - 1];
  return std::span(stacked_).subspan(first, ends_[id] - first);
}

SampledStacks sampled_stacks(const Capture& capture) {
  return SampledStacksMaker(capture).samples();
}

SampledStacks waiting_stacks(const Capture& capture) {
  return SampledStacksMaker(capture).waits();
}

}  // namespace thaw
