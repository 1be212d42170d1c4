#pragma once
// NMIs from the machine's own performance counters.

#include <cstdint>
#include <vector>

#include "profiler/base/unique_fd.h"

namespace lab {

/// One counter of CPU cycles per CPU, which overflows about `rate_hz` times a second and then
/// interrupts, by NMI on x86. Nobody reads its samples. Until destroyed.
///
/// Where there is no PMU it counts nothing: that no NMI came is for the judge to see.
class PmuNmis {
 public:
  PmuNmis(double rate_hz, uint32_t cpus);

 private:
  std::vector<thaw::UniqueFd> counters_;
};

}  // namespace lab
