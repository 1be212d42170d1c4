#pragma once
// The witness that looks into a guest while it stands still: when to look, and what it means.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/machine/machine.h"
#include "harness/run/evidence.h"
#include "profiler/base/ids.h"

namespace lab {

/// What the conversation knows at one moment.
struct Moment {
  int64_t now_ns = 0;
  bool load_runs = false;
  int64_t last_frame_ns = 0;  ///< host time of the guest's last word
};

/// Watches one guest from its hello on. `machine` must outlive it. Used by one thread. A machine
/// that cannot be looked into is no error: nothing is seen then, and a note says so.
class LiveWitness {
 public:
  /// `beat_page`: as in Hello. Looks go to `directory`/vcpus.txt. `slowness`: as in hang.h.
  LiveWitness(Machine& machine, uint64_t beat_page, uint32_t cpus, std::vector<thaw::Tid> threads,
              const std::filesystem::path& directory, double slowness);
  LiveWitness(LiveWitness&&) noexcept;
  LiveWitness& operator=(LiveWitness&&) noexcept;
  ~LiveWitness();

  /// The symbols have arrived, before the load.
  void learn(std::string_view symbols);
  /// Every few milliseconds. Looks if the guest stands still and has not been looked at too often.
  void watch(const Moment& moment);
  /// The guest is given up: a last look, unless there has just been one.
  void look_last();
  /// The guest will not go on: every CPU was seen several times, seconds apart, with interrupts off
  /// in the same calls. Empty while that is not proven, else the sentence that says so.
  const std::string& hang() const;

  /// A look stopped the guest and could not make it go on: what the guest does from here on is the
  /// lab's doing.
  bool left_stopped() const;

  /// How the lab's stops and the looks are handed over, at the end.
  std::vector<Look> take_looks();
  std::vector<Interval> stops() const;
  std::vector<std::string> notes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lab
