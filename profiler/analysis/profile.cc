// A million samples are some ten thousand different stacks: equal ones are counted first and named
// once.

#include "profiler/analysis/profile.h"

#include <algorithm>

#include "profiler/analysis/threads.h"
#include "profiler/analysis/timeline.h"

namespace thaw {

namespace {

/// What makes two samples equal here.
struct Trace {
  uint32_t program = 0;
  StackId kernel_stack;
  StackId user_stack;
  bool operator==(const Trace&) const = default;
};
struct TraceHash {
  size_t operator()(const Trace& trace) const {
    uint64_t hash = trace.program;
    hash = hash * 0x9e3779b97f4a7c15 + trace.kernel_stack.value;
    hash = hash * 0x9e3779b97f4a7c15 + trace.user_stack.value;
    return hash ^ (hash >> 29);
  }
};

class ProfileMaker {
 public:
  explicit ProfileMaker(const Capture& capture) : capture_(capture), names_(capture) {}
  Profile make();

 private:
  void count_samples();
  void charge(const Trace& trace, uint64_t count);
  void charge_frames(std::span<const uint64_t> frames, bool is_kernel, const Trace& trace);
  void add_functions();
  void add_threads();

  const Capture& capture_;
  FrameNames names_;
  Profile profile_;
  std::unordered_map<Trace, uint64_t, TraceHash> traces_;
  std::unordered_map<Tid, uint64_t> samples_of_;
  struct Cost {
    uint64_t self = 0;
    uint64_t total = 0;
  };
  std::vector<Cost> costs_;          ///< by function id
  std::vector<uint32_t> functions_;  ///< of the stack at hand, leaf first
};

void ProfileMaker::count_samples() {
  for (const Event& event : capture_.events()) {
    if (event.kind != EventKind::sample) continue;
    if (event.tid.value == 0) {
      profile_.idle++;
      continue;
    }
    profile_.samples++;
    samples_of_[event.tid]++;
    const uint32_t program = names_.spaces().program_at(event.pid, event.time_ns);
    traces_[{program, event.kernel_stack, event.user_stack}]++;
  }
}

void ProfileMaker::charge_frames(std::span<const uint64_t> frames, bool is_kernel,
                                 const Trace& trace) {
  for (const uint64_t address : frames) {
    // The user stack below a system call begins at the place it was called from: no leaf, but not
    // a place behind a call instruction either. What lies just before it is the same function.
    const bool is_leaf = functions_.empty();
    functions_.push_back(is_kernel ? names_.kernel(address, is_leaf)
                                   : names_.user(trace.program, address, is_leaf));
  }
}

void ProfileMaker::charge(const Trace& trace, uint64_t count) {
  functions_.clear();
  charge_frames(capture_.stack(trace.kernel_stack), true, trace);
  charge_frames(capture_.stack(trace.user_stack), false, trace);
  if (functions_.empty()) {
    profile_.unnamed += count;
    return;
  }
  const uint32_t leaf = functions_.front();
  std::ranges::sort(functions_);
  const auto rest = std::ranges::unique(functions_);
  functions_.erase(rest.begin(), rest.end());
  costs_.resize(std::max<size_t>(costs_.size(), functions_.back() + 1));
  costs_[leaf].self += count;
  for (const uint32_t function : functions_) costs_[function].total += count;
  if (names_.function(leaf).name == "?") profile_.unnamed += count;
}

void ProfileMaker::add_functions() {
  for (size_t id = 0; id < costs_.size(); id++)
    if (costs_[id].total != 0)
      profile_.functions.push_back(
          {names_.function(static_cast<uint32_t>(id)), costs_[id].self, costs_[id].total});
  std::ranges::sort(profile_.functions, [](const FunctionCost& a, const FunctionCost& b) {
    return std::tie(b.self, b.total, a.function) < std::tie(a.self, a.total, b.function);
  });
}

void ProfileMaker::add_threads() {
  const auto names = thread_names(capture_);
  for (const ThreadTimeline& thread : build_timeline(capture_)) {
    ThreadCost cost{.tid = thread.tid, .pid = thread.pid, .name = {}};
    if (const auto name = names.find(thread.tid); name != names.end())
      cost.name = name->second.name;
    if (const auto count = samples_of_.find(thread.tid); count != samples_of_.end())
      cost.samples = count->second;
    for (const Slice& slice : thread.slices) {
      const int64_t length_ns = slice.end_ns - slice.start_ns;
      if (slice.state == ThreadState::running) cost.running_ns += length_ns;
      if (slice.state == ThreadState::ready) cost.ready_ns += length_ns;
      if (slice.state == ThreadState::waiting) cost.waiting_ns += length_ns;
    }
    profile_.threads.push_back(std::move(cost));
  }
  std::ranges::sort(profile_.threads, [](const ThreadCost& a, const ThreadCost& b) {
    return std::tie(b.running_ns, b.samples, a.tid) < std::tie(a.running_ns, a.samples, b.tid);
  });
}

Profile ProfileMaker::make() {
  count_samples();
  for (const auto& [trace, count] : traces_) charge(trace, count);
  add_functions();
  add_threads();
  profile_.images = names_.images();
  return std::move(profile_);
}

}  // namespace

Profile make_profile(const Capture& capture) {
  return ProfileMaker(capture).make();
}

}  // namespace thaw
