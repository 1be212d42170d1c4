#pragma once
// Profiles for tests: stacks of names and how often they were seen.

#include <algorithm>
#include <string>
#include <vector>

#include "profiler/profiles/stack_profile.h"

namespace thaw::test {

struct GivenProfile {
  StackProfile profile{.format = "test",
                       .has_threads = true,
                       .has_modules = true,
                       .has_kernel = true,
                       .has_reach = true};

  /// `frames` leaf first: "name" of the program "x", "name@module", "[k]name".
  GivenProfile& sample(int32_t tid, const std::vector<std::string>& frames, uint64_t count,
                       StackReach reach = StackReach::whole) {
    ProfileStack stack{{}, reach};
    for (const std::string& frame : frames) stack.frames.push_back(function_of(frame));
    profile.stacks.push_back(std::move(stack));
    profile.samples.push_back(
        {Pid(1), Tid(tid), "", static_cast<uint32_t>(profile.stacks.size() - 1), count});
    return *this;
  }

 private:
  uint32_t function_of(const std::string& frame) {
    ProfileFunction function{frame, "x", false};
    if (frame.starts_with("[k]")) function = {frame.substr(3), "kernel", true};
    if (const size_t at = frame.find('@'); at != std::string::npos && !frame.starts_with("func@"))
      function = {frame.substr(0, at), frame.substr(at + 1), false};
    const auto found = std::ranges::find(profile.functions, function);
    if (found != profile.functions.end())
      return static_cast<uint32_t>(found - profile.functions.begin());
    profile.functions.push_back(function);
    return static_cast<uint32_t>(profile.functions.size() - 1);
  }
};

}  // namespace thaw::test
