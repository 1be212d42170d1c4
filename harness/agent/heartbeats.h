#pragma once
// One thread per CPU that asks to wake every few milliseconds and notes when it woke late.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/agent/beat_writer.h"
#include "harness/agent/messages.h"

namespace lab {

/// 4 ms, one tick of HZ=250: 250 wake-ups a second and CPU, a hundredth of what the load switches.
inline constexpr int64_t kBeatPeriodNs = 4'000'000;

/// Beats from construction to stop(), into `page` too. Threads are pinned and run above the load.
class Heartbeats {
 public:
  Heartbeats(uint32_t cpus, BeatWriter& page);
  ~Heartbeats() { stop(); }

  void stop();
  /// After stop(): what was late by 2 ms or more, by time within a CPU; at most 20,000 are kept.
  const std::vector<BeatDelay>& late() const { return late_; }
  uint64_t dropped() const { return dropped_; }

 private:
  void beat(uint32_t cpu);

  BeatWriter& page_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<BeatDelay> late_;
  uint64_t dropped_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace lab
