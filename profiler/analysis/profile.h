#pragma once
// Where the time went: samples summed up by function and by thread.

#include <cstdint>
#include <vector>

#include "profiler/analysis/frame_names.h"
#include "profiler/analysis/thread_times.h"

namespace thaw {

struct FunctionCost {
  Function function;
  uint64_t self = 0;   ///< samples in which it ran
  uint64_t total = 0;  ///< samples in which it was on the stack, each counted once
  FunctionSource source;
};

struct ThreadCost {
  ThreadTimes times;
  uint64_t samples = 0;
};

/// Who woke whom, over the whole capture.
struct WakePair {
  Waker waker;
  Tid wakee;
  std::string wakee_name;
};

/// What the recording took from the machine that it recorded.
struct OwnCost {
  int64_t cpu_ns = 0;       ///< of thaw itself
  int64_t programs_ns = 0;  ///< of its BPF programs, inside of what was recorded
  double of_machine = 0;    ///< both, as a part of the time that all CPUs had
};

struct Profile {
  uint64_t samples = 0;                 ///< of threads; all shares are of these
  uint64_t idle = 0;                    ///< of CPUs that had nothing to do
  uint64_t unnamed = 0;                 ///< samples whose leaf has no name
  std::vector<FunctionCost> functions;  ///< most self first, then total, then by name
  std::vector<ThreadCost> threads;      ///< longest running first
  std::vector<WakePair> wakes;          ///< most first
  OwnCost own;                          ///< nothing in a capture without a tally
  std::vector<ImageFound> images;
  std::vector<std::string> notes;  ///< on the search for names
};

/// The capture must be whole enough to have samples or switches; one without any gives an empty
/// profile.
Profile make_profile(const Capture& capture, const NameOptions& options = {});

}  // namespace thaw
