// A million samples are some ten thousand different stacks: equal ones are counted first and named
// once.

#include "profiler/analysis/profile.h"

#include <algorithm>
#include <tuple>

#include <boost/unordered/unordered_flat_map.hpp>

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
  void add_wakes(const ThreadTimes& times);
  void add_own_cost();

  const Capture& capture_;
  CallStacks stacks_;
  Profile profile_;
  struct Thread {
    uint64_t samples = 0;
    Pid pid{-1};  ///< nobody's: the span is of this process
    AddressSpaces::Span span;
  };
  boost::unordered_flat_map<Trace, uint64_t, std::hash<Trace>> traces_;
  boost::unordered_flat_map<Tid, Thread, std::hash<Tid>> threads_;
  struct Cost {
    uint64_t self = 0;
    uint64_t total = 0;
  };
  std::vector<Cost> costs_;          ///< by function id
  std::vector<uint32_t> functions_;  ///< of the stack at hand, leaf first
};

void ProfileMaker::count_samples() {
  capture_.each_sample([this](const Sample& sample) {
    if (sample.tid.value == 0) {
      profile_.idle++;
      return;
    }
    profile_.samples++;
    Thread& thread = threads_[sample.tid];
    thread.samples++;
    AddressSpaces::Span& span = thread.span;
    if (sample.pid != thread.pid || sample.time_ns < span.from_ns ||
        sample.time_ns >= span.until_ns)
      span = stacks_.names().spaces().span_at(sample.pid, sample.time_ns);
    thread.pid = sample.pid;
    traces_[{span.program, sample.kernel_stack, sample.user_stack}]++;
  });
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
    const auto found = threads_.find(times.tid);
    const uint64_t samples = found == threads_.end() ? 0 : found->second.samples;
    add_wakes(times);
    profile_.threads.push_back({std::move(times), samples});
  }
  std::ranges::sort(profile_.wakes, [](const WakePair& a, const WakePair& b) {
    return std::tie(b.waker.count, b.waker.ns, a.wakee, a.waker.tid) <
           std::tie(a.waker.count, a.waker.ns, b.wakee, b.waker.tid);
  });
}

void ProfileMaker::add_wakes(const ThreadTimes& times) {
  for (const Waker& waker : times.wakers) profile_.wakes.push_back({waker, times.tid, times.name});
}

void ProfileMaker::add_own_cost() {
  if (!capture_.tally()) return;
  const Tally& tally = *capture_.tally();
  profile_.own.cpu_ns = static_cast<int64_t>(tally.own_cpu_ns);
  profile_.own.programs_ns = static_cast<int64_t>(tally.programs_ns);
  // header.cpus are those that there could be: CPUs that emitted were there.
  const auto cpus = std::ranges::count_if(tally.emit, [](const auto& contexts) {
    return std::ranges::any_of(contexts, [](const EmitHistogram& one) { return one.count() != 0; });
  });
  const int64_t end_ns = capture_.ending() ? capture_.ending()->end_ns : tally.time_ns;
  const int64_t machine_ns = cpus * (end_ns - capture_.header().start_ns);
  if (machine_ns > 0)
    profile_.own.of_machine = static_cast<double>(profile_.own.cpu_ns + profile_.own.programs_ns) /
                              static_cast<double>(machine_ns);
}

Profile ProfileMaker::make() {
  count_samples();
  // Stacks that follow each other share their outer frames: what was just looked up is at hand.
  std::vector<std::pair<Trace, uint64_t>> traces(traces_.begin(), traces_.end());
  traces_ = {};
  std::ranges::sort(traces, {}, [](const auto& one) {
    return std::tuple(one.first.program, one.first.user_stack, one.first.kernel_stack);
  });
  for (const auto& [trace, count] : traces) charge(trace, count);
  add_functions();
  add_threads();
  add_own_cost();
  profile_.images = stacks_.names().images();
  profile_.notes = stacks_.names().notes();
  return std::move(profile_);
}

}  // namespace

Profile make_profile(const Capture& capture, const NameOptions& options) {
  return ProfileMaker(capture, options).make();
}

}  // namespace thaw
