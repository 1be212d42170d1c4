// A million samples are some ten thousand different stacks: equal ones are counted first and named
// once.

#include "profiler/analysis/profile.h"

#include <algorithm>

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
  std::span<const uint64_t> without_nmi(std::span<const uint64_t> frames) const;
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
  // The first frame of either is where it was, not where it returns to.
  bool is_leaf = true;
  for (const uint64_t address : frames) {
    functions_.push_back(is_kernel ? names_.kernel(address, is_leaf)
                                   : names_.user(trace.program, address, is_leaf));
    is_leaf = false;
  }
}

/// A sample by somebody else's NMI is taken in its handler: what it interrupted is the sample.
std::span<const uint64_t> ProfileMaker::without_nmi(std::span<const uint64_t> frames) const {
  if (capture_.header().clock != "nmi") return frames;
  constexpr std::string_view kEntries[] = {"exc_nmi", "asm_exc_nmi", "nmi", "end_repeat_nmi"};
  size_t first = 0;
  for (size_t i = 0; i < frames.size(); i++) {
    const KernelFunction* function = kernel_function(capture_, frames[i], false);
    if (function != nullptr && std::ranges::find(kEntries, function->name) != std::end(kEntries))
      first = i + 1;
  }
  return frames.subspan(first);
}

void ProfileMaker::charge(const Trace& trace, uint64_t count) {
  functions_.clear();
  charge_frames(without_nmi(capture_.stack(trace.kernel_stack)), true, trace);
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
  for (ThreadTimes& times : thread_times(capture_)) {
    const auto count = samples_of_.find(times.tid);
    const uint64_t samples = count == samples_of_.end() ? 0 : count->second;
    profile_.threads.push_back({std::move(times), samples});
  }
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
