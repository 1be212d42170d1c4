// Whose a sample is, and where it was.

#include "profiler/analysis/fidelity/profile_held.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

#include "profiler/analysis/call_stack.h"

namespace thaw {

namespace {

StackReach reach_of(StackEnd end) {
  switch (end) {
    case StackEnd::complete:
      return StackReach::whole;
    case StackEnd::unknown:
      return StackReach::unknown;
    case StackEnd::shed:
      return StackReach::not_had;
    default:
      return StackReach::cut;
  }
}

/// Equal stacks of a capture are named once.
class ProfileMaker {
 public:
  ProfileMaker(const Capture& capture, const NameOptions& names) : stacks_(capture, names) {
    profile_.format = "thaw";
    profile_.has_threads = profile_.has_modules = profile_.has_kernel = true;
  }

  void add(const Event& sample) {
    const uint32_t stack = stack_of(sample);
    profile_.has_reach |= profile_.stacks[stack].reach != StackReach::unknown;
    counts_[{sample.pid, sample.tid, stack}]++;
  }

  StackProfile finish() {
    for (const auto& [key, count] : counts_)
      profile_.samples.push_back({std::get<0>(key), std::get<1>(key), "", std::get<2>(key), count});
    return std::move(profile_);
  }

 private:
  uint32_t function_of(const CallFrame& frame) {
    const auto [entry, is_new] = functions_.try_emplace(
        {frame.function, frame.is_kernel}, static_cast<uint32_t>(profile_.functions.size()));
    if (is_new) {
      const Function& function = stacks_.names().function(frame.function);
      profile_.functions.push_back({function.name, function.module, frame.is_kernel});
    }
    return entry->second;
  }

  uint32_t stack_of(const Event& sample) {
    const Trace trace = stacks_.trace_of(sample);
    const auto [entry, is_new] =
        ids_.try_emplace({trace.program, trace.kernel_stack, trace.user_stack, sample.user_end},
                         static_cast<uint32_t>(profile_.stacks.size()));
    if (!is_new) return entry->second;
    ProfileStack stack{{}, reach_of(sample.user_end)};
    for (const CallFrame& frame : stacks_.frames(trace)) stack.frames.push_back(function_of(frame));
    profile_.stacks.push_back(std::move(stack));
    return entry->second;
  }

  CallStacks stacks_;
  StackProfile profile_;
  std::map<std::pair<uint32_t, bool>, uint32_t> functions_;
  std::map<std::tuple<uint32_t, StackId, StackId, StackEnd>, uint32_t> ids_;
  std::map<std::tuple<Pid, Tid, uint32_t>, uint64_t> counts_;
};

}  // namespace

ProfileHeld::ProfileHeld(const StackProfile& profile, const Truth& truth, double dispersion,
                         bool is_by_nmi)
    : profile(profile), truth(truth), dispersion(dispersion), is_by_nmi(is_by_nmi) {
  for (const ThreadTruth& thread : truth.threads) {
    tids_.insert(thread.tid);
    if (thread.pid.value != 0) pids_.insert(thread.pid);
  }
  tids_.erase(Tid(0));
  if (profile.has_threads) return;
  for (const ThreadTruth& thread : truth.threads) names_.insert(thread.name);
  const auto is_named = [&](const ProfileSample& sample) { return names_.contains(sample.thread); };
  if (std::ranges::none_of(profile.samples, is_named)) names_.clear();
}

bool ProfileHeld::is_of_load(const ProfileSample& sample) const {
  if (!profile.has_threads) return is_of_threads(sample);
  return pids_.contains(sample.pid) || tids_.contains(sample.tid);
}

bool ProfileHeld::is_of_threads(const ProfileSample& sample) const {
  if (profile.has_threads) return tids_.contains(sample.tid);
  return names_.empty() || names_.contains(sample.thread);
}

std::span<const uint32_t> ProfileHeld::user_frames(const ProfileSample& sample) const {
  std::span<const uint32_t> frames = profile.stacks[sample.stack].frames;
  const auto is_above = [&](uint32_t function) {
    return profile.functions[function].is_kernel || profile.functions[function].module == "[vdso]";
  };
  while (!frames.empty() && is_above(frames.front())) frames = frames.subspan(1);
  return frames;
}

const ProfileFunction* ProfileHeld::user_leaf(const ProfileSample& sample) const {
  const auto frames = user_frames(sample);
  return frames.empty() ? nullptr : &profile.functions[frames.front()];
}

const ProfileFunction* ProfileHeld::kernel_leaf(const ProfileSample& sample) const {
  const auto& frames = profile.stacks[sample.stack].frames;
  if (frames.empty() || !profile.functions[frames.front()].is_kernel) return nullptr;
  return &profile.functions[frames.front()];
}

double dispersion_of(const Header& header) {
  return header.clock == "nmi" ? 1 : kUnknownDispersion;
}

StackProfile profile_of(const Capture& capture, NameOptions names, int64_t start_ns,
                        int64_t end_ns) {
  names.inlined = false;
  ProfileMaker maker(capture, names);
  for (const Event& event : capture.events())
    if (event.kind == EventKind::sample && event.tid.value != 0 && event.time_ns >= start_ns &&
        event.time_ns <= end_ns)
      maker.add(event);
  return maker.finish();
}

}  // namespace thaw
