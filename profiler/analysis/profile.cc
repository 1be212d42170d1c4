// A million samples are some ten thousand different stacks: equal ones are counted first and named
// once.

#include "profiler/analysis/profile.h"

#include <algorithm>
#include <unordered_map>

#include "profiler/analysis/call_stack.h"

namespace thaw {

namespace {

class ProfileMaker {
 public:
  ProfileMaker(const Capture& capture, const NameOptions& options)
      : capture_(capture), stacks_(capture, options) {}
  Profile make();

 private:
  void count_samples();
  void charge(const Trace& trace, uint64_t count);
  void add_functions();
  void add_threads();

  const Capture& capture_;
  CallStacks stacks_;
  Profile profile_;
  std::unordered_map<Trace, uint64_t> traces_;
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
    traces_[stacks_.trace_of(event)]++;
  }
}

void ProfileMaker::charge(const Trace& trace, uint64_t count) {
  functions_.clear();
  for (const CallFrame& frame : stacks_.frames(trace)) functions_.push_back(frame.function);
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
  if (stacks_.names().function(leaf).name == "?") profile_.unnamed += count;
}

void ProfileMaker::add_functions() {
  const FrameNames& names = stacks_.names();
  for (size_t id = 0; id < costs_.size(); id++)
    if (costs_[id].total != 0)
      profile_.functions.push_back({names.function(static_cast<uint32_t>(id)), costs_[id].self,
                                    costs_[id].total, names.source(static_cast<uint32_t>(id))});
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
  profile_.images = stacks_.names().images();
  profile_.notes = stacks_.names().notes();
  return std::move(profile_);
}

}  // namespace

Profile make_profile(const Capture& capture, const NameOptions& options) {
  return ProfileMaker(capture, options).make();
}

}  // namespace thaw
