#pragma once
// What a recording will do: options × features → plan. Pure, and the only place where such
// decisions are made.

#include <string>
#include <vector>

#include "profiler/base/errors.h"
#include "profiler/capture/features.h"
#include "profiler/capture/options.h"

namespace thaw {

/// How far apart samples are; see sample_periods.h.
enum class Periods {
  Kernel,   ///< the kernel's own business: cycles, or none at all
  Fixed,    ///< always the same
  Random,   ///< drawn anew, again and again
  Thinned,  ///< one for each CPU, and what is too much of its samples is left out by chance
};
const char* name_of(Periods periods);  ///< "kernel", "fixed", "random", "thinned"

struct CapturePlan {
  Clock clock = Clock::None;  ///< never Auto
  std::string clock_why;
  Transport transport = Transport::Split;  ///< never Auto
  std::string transport_why;
  bool samples_in_nmi = false;
  bool switch_window = false;    ///< check switches against the kernel's own counter
  bool counter_by_name = false;  ///< which is found by its symbol, see features.h
  bool only_targets = false;
  StackMode stack_mode = StackMode::None;  ///< never Auto
  std::string stacks_why;
  bool stacks = true;          ///< of samples
  bool switch_stacks = false;  ///< of threads that block
  bool waker_stacks = false;
  uint32_t copy_bytes = 0;      ///< of a stack that is copied
  bool only_user_code = false;  ///< samples in the kernel are refused
  uint32_t sample_hz = 0;       ///< 0: the clock has no rate of its own (nmi, none)
  Periods periods = Periods::Kernel;
  uint32_t seed = 0;                  ///< of random numbers
  uint32_t ring_bytes = 0;            ///< power of two
  uint32_t nmi_ring_bytes = 0;        ///< power of two
  std::vector<std::string> missing;   ///< what it will not know, a sentence each
  std::vector<std::string> features;  ///< for the file's header
};

/// Fails with User for options that contradict each other or are refused here, with Environment for
/// what this machine lacks.
Result<CapturePlan> plan_capture(const RecordOptions& options, const Features& features);

}  // namespace thaw
