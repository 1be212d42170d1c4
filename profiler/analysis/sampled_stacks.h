#pragma once
// Every sample of a capture, or every wait, with its named stack: what the exports are made of.
// Reads files of this machine for the names; changes nothing.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/analysis/frame_names.h"

namespace thaw {

struct StackFrame {
  uint32_t function = 0;  ///< index of SampledStacks::functions
  uint64_t address = 0;   ///< in the function; see CallFrame
  bool is_kernel = false;
  bool is_inlined = false;           ///< into the next frame of the stack
  const Mapping* mapping = nullptr;  ///< the capture's; null: the kernel's, or nobody knows

  friend bool operator==(const StackFrame&, const StackFrame&) = default;
};

struct StackSample {
  int64_t time_ns = 0;  ///< CLOCK_MONOTONIC; of a wait: when it began
  int64_t weight = 0;   ///< of a sample 1; of a wait its length in ns
  uint32_t thread = 0;  ///< index of SampledStacks::threads
  uint32_t stack = 0;   ///< for SampledStacks::stack()
  CpuId cpu;            ///< of a wait: where the thread had run
};

struct SampledThread {
  Tid tid;
  Pid pid;
  std::string name;     ///< the last it had; "" when it was never named
  std::string process;  ///< that of its process's first thread; "" likewise
  int64_t weight = 0;   ///< sum over its samples
};

/// The capture must outlive it. Immutable once made.
struct SampledStacks {
  enum class Kind { samples, waits };
  Kind kind = Kind::samples;
  std::vector<Function> functions;
  std::vector<StackFrame> frames;      ///< distinct
  std::vector<SampledThread> threads;  ///< those with samples; most weight first
  std::vector<StackSample> samples;    ///< by time

  /// Indices of frames, leaf first; empty when no stack was recorded. Equal stacks that end for the
  /// same reason have equal ids.
  std::span<const uint32_t> stack(uint32_t id) const;
  /// Why its outermost user frame is the last.
  StackEnd user_end(uint32_t id) const { return user_ends_[id]; }
  size_t stack_count() const { return ends_.size(); }

 private:
  friend class SampledStacksMaker;
  std::vector<uint32_t> stacked_;  ///< all stacks, one after the other
  std::vector<size_t> ends_;
  std::vector<StackEnd> user_ends_;
};

/// As `thaw report` counts them: samples of idle CPUs are left out.
SampledStacks sampled_stacks(const Capture& capture);
/// Where threads gave up their CPU and how long they waited. Stacks are empty in a capture without
/// stacks of switches.
SampledStacks waiting_stacks(const Capture& capture);

}  // namespace thaw
