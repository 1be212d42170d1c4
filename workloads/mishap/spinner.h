#pragma once
// CPUs that stand still in the kernel, for a chosen time.

#include <stdint.h>

#include <memory>
#include <vector>

namespace mishap {

/// What one CPU really did.
struct Stall {
  int cpu = 0;
  int64_t start_ns = 0;  ///< CLOCK_MONOTONIC
  int64_t length_ns = 0;
};

/// Owns the BPF programs. open() ends the process (exit code 69) when the kernel refuses them: a
/// mishap that cannot happen must not look like one that was survived. hold() may be called from
/// several threads, for different CPUs.
class Spinner {
 public:
  static Spinner open(const char* program);
  Spinner(Spinner&&) noexcept;
  ~Spinner();

  /// Pins the calling thread to `cpu` and holds that CPU in sched_switch, interrupts off and its
  /// run queue locked, for `length_ns`; returns when that is over.
  Stall hold(int cpu, int64_t length_ns);

  /// The same in the middle of a system call of this thread: interrupts come, but the scheduler
  /// does not.
  Stall hold_from_switching(int cpu, int64_t length_ns);

  /// Runs a program on `cpu` that does not end by itself: the kernel ends it, after 250 ms, and
  /// says so in its error stream (v6.17 on). load_endless() before it.
  Stall overrun(int cpu);
  void load_endless();

 private:
  struct Programs;
  explicit Spinner(std::unique_ptr<Programs> programs);
  std::unique_ptr<Programs> programs_;
};

}  // namespace mishap
