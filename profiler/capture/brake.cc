// The cost is a sum over the machine: what the recorder's process used, and what its programs used
// wherever they ran, as they measure it themselves from their first to their last look at the
// clock. The way into a program is not in it: some ten nanoseconds of two hundred.

#include "profiler/capture/brake.h"

#include <utility>

namespace thaw {

namespace {

constexpr int kCalmWindows = 4;
constexpr int kDearWindows = 2;
constexpr uint32_t kMostShift = 6;  // of 997 samples a second 15 are left

}  // namespace

bool Brake::step_down(double samples_percent) {
  if (!shedding_.waker_stacks) return shedding_.waker_stacks = true;
  if (!shedding_.user_stacks) return shedding_.user_stacks = true;
  if (!shedding_.switch_stacks) return shedding_.switch_stacks = true;
  if (samples_percent <= most_percent_ / 2 || shedding_.sample_shift == kMostShift) return false;
  shedding_.sample_shift++;
  return true;
}

bool Brake::step_up() {
  if (shedding_.sample_shift != 0) {
    shedding_.sample_shift--;
    return true;
  }
  for (bool* shed : {&shedding_.switch_stacks, &shedding_.user_stacks, &shedding_.waker_stacks})
    if (std::exchange(*shed, false)) return true;
  return false;
}

bool Brake::look(const CostSoFar& cost) {
  if (most_percent_ >= 100) return false;
  if (!has_last_) {
    has_last_ = true;
    last_ = cost;
    return false;
  }
  const int64_t window_ns = cost.time_ns - last_.time_ns;
  if (window_ns < kWindowNs) return false;
  const auto samples_ns = static_cast<double>(cost.sample_ns - last_.sample_ns);
  const double all_ns = samples_ns + static_cast<double>(cost.process_ns - last_.process_ns) +
                        static_cast<double>(cost.switch_ns - last_.switch_ns);
  const double percent_of_ns = 100 / (static_cast<double>(window_ns) * cpus_);
  percent_ = all_ns * percent_of_ns;
  last_ = cost;
  calm_windows_ = percent_ < most_percent_ / 2 ? calm_windows_ + 1 : 0;
  dear_windows_ = percent_ > most_percent_ ? dear_windows_ + 1 : 0;
  if (dear_windows_ >= kDearWindows) return step_down(samples_ns * percent_of_ns);
  if (calm_windows_ < kCalmWindows) return false;
  calm_windows_ = 0;
  return step_up();
}

}  // namespace thaw
