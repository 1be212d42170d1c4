#pragma once
// A StackProfile as it is read: equal functions and stacks are kept once.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/profiles/stack_profile.h"

namespace thaw {

class ProfileBuilder {
 public:
  explicit ProfileBuilder(std::string format) { profile_.format = std::move(format); }

  uint32_t function(ProfileFunction function) {
    const auto [entry, is_new] =
        functions_.try_emplace(function, static_cast<uint32_t>(profile_.functions.size()));
    if (is_new) profile_.functions.push_back(std::move(function));
    return entry->second;
  }
  /// `sample` gets the stack.
  void add(ProfileSample sample, std::vector<uint32_t> frames, StackReach reach) {
    const auto [entry, is_new] =
        stacks_.try_emplace({frames, reach}, static_cast<uint32_t>(profile_.stacks.size()));
    if (is_new) profile_.stacks.push_back({std::move(frames), reach});
    sample.stack = entry->second;
    profile_.samples.push_back(std::move(sample));
  }
  StackProfile& profile() { return profile_; }

 private:
  StackProfile profile_;
  std::map<ProfileFunction, uint32_t> functions_;
  std::map<std::pair<std::vector<uint32_t>, StackReach>, uint32_t> stacks_;
};

}  // namespace thaw
