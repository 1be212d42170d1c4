#pragma once
// Which CPUs of a running guest have stopped beating: the trigger for a look at them. Pure.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace lab {

/// Is fed what the beat page says, every few milliseconds. Used by one thread.
class StallWatch {
 public:
  /// Long against the beats' period (4 ms) and what a loaded guest under TCG is late by (8 ms);
  /// short against the stalls of 100 ms and more that are to be caught while they last.
  static constexpr int64_t kSilentNs = 40'000'000;

  /// `took`: how long the host has kept each vCPU waiting so far, asked only when a CPU is silent.
  using HostTook = std::function<std::vector<int64_t>()>;

  /// `slots` of the beat page at host time `now_ns`, 0 for a CPU that is not to beat. Returns the
  /// CPUs whose slot has not changed for kSilentNs besides what the host took from any vCPU.
  std::vector<uint32_t> feed(int64_t now_ns, std::span<const int64_t> slots, const HostTook& took);
  /// For how long the CPU's slot has not changed, with what the host took.
  int64_t silent_ns(uint32_t cpu, int64_t now_ns) const { return now_ns - cpus_[cpu].changed_ns; }
  /// The guest stood still for `length_ns` because the lab had stopped it.
  void skip(int64_t length_ns);

 private:
  struct Cpu {
    int64_t slot = 0;
    int64_t changed_ns = 0;
    std::vector<int64_t> took_ns;  ///< when it became suspicious; empty before
  };
  std::vector<Cpu> cpus_;
};

}  // namespace lab
