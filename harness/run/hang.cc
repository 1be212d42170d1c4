// When a silent guest may be given up before its time.
//
// Goal. A guest that hangs need not be waited for until the limit for silence (60 s); a guest that
// only stalls must be: the longest stall that ended by itself lasted 30 s.
//
// What proves a hang: in every look, every CPU is in the kernel, and but for a few frames at the
// leaf (the loop that it is in) its stack holds the same return addresses at the same places. A
// call that returned and was made again would be at the same place too, so that alone proves
// nothing for a CPU that does work; hence at least one CPU has its interrupts off, which no kernel
// code has for seconds but a loop that waits, and the others wait as well, or could still run the
// agent's threads, and the guest would not be silent.
//
// The order of the timers makes the same hang the same finding: the kernel's detectors first, where
// one could still speak, then this proof, then the limit for silence. A slow guest stretches them
// all alike.
//
// What does not: a stack with an NMI in it. NMIs come from outside, each one through the same
// frames; 6.17 under 500 NMIs a second looks like this for half a minute, and goes on.

#include "harness/run/hang.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab {

namespace {

/// Frames of a waiting loop that differ from look to look: what it calls to wait.
constexpr size_t kLoopFrames = 3;
/// Fewer common frames than this may be a coincidence.
constexpr size_t kLeastCommon = 3;

bool has_nmi(const CpuStack& cpu) {
  return std::ranges::any_of(cpu.frames,
                             [](const StackFrame& frame) { return frame.context == "nmi"; });
}

bool is_same(const StackFrame& a, const StackFrame& b) {
  return a.address == b.address && a.sp == b.sp;
}

/// From the bottom of both stacks.
size_t common_frames(const CpuStack& a, const CpuStack& b) {
  size_t count = 0;
  while (count < a.frames.size() && count < b.frames.size() &&
         is_same(a.frames[a.frames.size() - 1 - count], b.frames[b.frames.size() - 1 - count]))
    count++;
  return count;
}

bool is_stuck(const CpuStack& before, const CpuStack& now) {
  if (before.is_user || now.is_user || has_nmi(before) || has_nmi(now)) return false;
  const size_t common = common_frames(before, now);
  return common >= kLeastCommon && common + kLoopFrames >= before.frames.size() &&
         common + kLoopFrames >= now.frames.size() && before.interrupts_on == now.interrupts_on;
}

bool is_stuck(const Look& before, const Look& now) {
  if (before.cpus.size() != now.cpus.size() || now.cpus.empty()) return false;
  for (size_t i = 0; i < now.cpus.size(); i++)
    if (before.cpus[i].cpu != now.cpus[i].cpu || !is_stuck(before.cpus[i], now.cpus[i]))
      return false;
  return true;
}

std::string place_of(const CpuStack& cpu) {
  for (size_t i = 0; i < cpu.frames.size() && i <= kLoopFrames; i++)
    if (is_wait(cpu.frames[i].function))
      return fmt::format("CPU {} in {}", cpu.cpu, cpu.frames[i].function);
  return fmt::format("CPU {} in {}", cpu.cpu,
                     cpu.frames.empty() ? "?" : to_text(cpu.frames.front()));
}

}  // namespace

double slowness(double hello_ms) {
  constexpr double kUsualMs = 3500;
  return std::clamp(hello_ms / kUsualMs, 1.0, 10.0);
}

std::string proves_hang(std::span<const Look> looks, double slowness) {
  if (looks.size() < kHangLooks) return "";
  const Look& last = looks.back();
  const bool all_off =
      std::ranges::none_of(last.cpus, [](const CpuStack& cpu) { return cpu.interrupts_on; });
  const double least_ns = static_cast<double>(all_off ? kHangNs : kWatchdogNs) * slowness;
  if (static_cast<double>(last.stopped.start_ns - looks.front().stopped.start_ns) < least_ns)
    return "";
  const bool all_stuck = std::ranges::all_of(
      looks.first(looks.size() - 1), [&](const Look& look) { return is_stuck(look, last); });
  const bool some_off = std::ranges::any_of(
      last.cpus, [](const CpuStack& cpu) { return !cpu.interrupts_on && !cpu.is_halted; });
  if (!all_stuck || !some_off) return "";
  std::string places;
  for (const CpuStack& cpu : last.cpus) places += (places.empty() ? "" : ", ") + place_of(cpu);
  return fmt::format(
      "in {} looks over {:.0f} s no CPU got anywhere: {}", looks.size(),
      static_cast<double>(last.stopped.start_ns - looks.front().stopped.start_ns) / 1e9, places);
}

}  // namespace lab
