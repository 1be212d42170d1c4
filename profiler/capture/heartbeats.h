#pragma once
// A thread per CPU that asks to be woken every 2 ms and says how late that came: whatever keeps a
// CPU from scheduling shows, interrupts off, an NMI that spins, a virtual CPU that was taken away.

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace thaw {

/// Beats until it is destroyed. Threads are pinned, with real-time priority where that is allowed
/// (without it other programs' work shows as lateness).
class Heartbeats {
 public:
  /// `report` is called on the threads, several at once, for each beat at least `least_ns` late:
  /// CPU, when the CPU came back (CLOCK_MONOTONIC), how late.
  using Report = std::function<void(uint32_t cpu, int64_t end_ns, int64_t late_ns)>;
  Heartbeats(const std::vector<uint32_t>& cpus, int64_t least_ns, Report report);
  ~Heartbeats();
  Heartbeats(const Heartbeats&) = delete;

 private:
  void beat(uint32_t cpu) const;

  int64_t least_ns_;
  Report report_;
  std::atomic<bool> over_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace thaw
