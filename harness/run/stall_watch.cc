// A slot that changes is a CPU that lives. The host's own doing is only looked up once a CPU has
// been silent for a part of the limit: what happened before that cannot explain the rest of it.

#include "harness/run/stall_watch.h"

#include <algorithm>

namespace lab {

namespace {

constexpr int64_t kSuspiciousNs = 15'000'000;

int64_t most_growth(const std::vector<int64_t>& before, const std::vector<int64_t>& now) {
  int64_t most = 0;
  for (size_t i = 0; i < std::min(before.size(), now.size()); i++)
    most = std::max(most, now[i] - before[i]);
  return most;
}

}  // namespace

std::vector<uint32_t> StallWatch::feed(int64_t now_ns, std::span<const int64_t> slots,
                                       const HostTook& took) {
  cpus_.resize(slots.size());
  std::vector<uint32_t> silent;
  for (uint32_t cpu = 0; cpu < slots.size(); cpu++) {
    Cpu& state = cpus_[cpu];
    if (slots[cpu] != state.slot || slots[cpu] == 0) {
      state = {slots[cpu], now_ns, {}};
      continue;
    }
    const int64_t age_ns = now_ns - state.changed_ns;
    if (age_ns < kSuspiciousNs) continue;
    if (state.took_ns.empty()) state.took_ns = took();
    if (age_ns < kSilentNs) continue;
    if (age_ns - most_growth(state.took_ns, took()) >= kSilentNs) silent.push_back(cpu);
  }
  return silent;
}

void StallWatch::skip(int64_t length_ns) {
  for (Cpu& cpu : cpus_) cpu.changed_ns += length_ns;
}

}  // namespace lab
