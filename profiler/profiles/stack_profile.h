#pragma once
// A profile as every profiler has one: how often each thread was seen with each stack of named
// functions. What is common to captures of Thaw and to what others write. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/base/ids.h"

namespace thaw {

struct ProfileFunction {
  std::string name;    ///< "" or "?" when the profile has none
  std::string module;  ///< file name, "kernel", "bpf", "[vdso]"; "" not told
  bool is_kernel = false;

  bool is_named() const { return !name.empty() && name != "?" && !name.starts_with("func@0x"); }
  friend auto operator<=>(const ProfileFunction&, const ProfileFunction&) = default;
};

/// Whether a stack reaches the entry of its thread.
enum class StackReach : uint8_t {
  unknown,  ///< the profile does not say
  whole,
  cut,      ///< and says so
  not_had,  ///< was not taken, and is counted by name
};

struct ProfileStack {
  std::vector<uint32_t>
      frames;  ///< indices of functions, leaf first; the kernel's before the user's
  StackReach reach = StackReach::unknown;
};

struct ProfileSample {
  Pid pid;             ///< 0: not told
  Tid tid;             ///< 0: not told
  std::string thread;  ///< its name; "" not told
  uint32_t stack = 0;
  uint64_t count = 1;
};

struct StackProfile {
  std::string format;  ///< "thaw", "perf-script", "folded", "pprof"
  std::vector<ProfileFunction> functions;
  std::vector<ProfileStack> stacks;
  std::vector<ProfileSample> samples;
  bool has_threads = false;  ///< pid and tid of samples
  bool has_modules = false;
  bool has_kernel = false;  ///< which code is the kernel's
  bool has_reach = false;   ///< of stacks
};

}  // namespace thaw
