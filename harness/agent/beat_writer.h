#pragma once
// The guest's end of the beat page.

#include <cstdint>

#include "harness/agent/beat_page.h"

namespace lab {

/// Owns the page for as long as the agent lives; the threads that write it need nothing else.
class BeatWriter {
 public:
  explicit BeatWriter(uint32_t cpus);

  /// Guest physical address of the page; 0 when there is none or the kernel does not tell.
  uint64_t address() const { return address_; }
  /// The CPU has beaten at `now_ns`; 0: it does not beat any more. Any thread, each its own CPU.
  void beat(uint32_t cpu, int64_t now_ns) {
    if (page_ != nullptr && cpu < BeatPage::kSlots)
      __atomic_store_n(&page_->beat_ns[cpu], now_ns, __ATOMIC_RELAXED);
  }

 private:
  BeatPage* page_ = nullptr;
  uint64_t address_ = 0;
};

}  // namespace lab
