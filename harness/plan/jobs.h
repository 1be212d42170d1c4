#pragma once
// How many guests fit on the host at once. Pure but for room_here().

#include <cstdint>
#include <string>
#include <vector>

#include "harness/plan/plan.h"

namespace lab {

struct HostRoom {
  uint64_t memory_mib = 0;  ///< that can be had without swapping: MemAvailable; 0: unknown
  int cores = 1;
};

/// Of this host, now.
HostRoom room_here();

struct Jobs {
  int count = 1;
  std::string warning;  ///< one sentence, when it is not what was asked for or has a price; empty
};

/// `asked`: guests at once, or 0 for as many as do not disturb each other. Never more than memory
/// holds: a guest that the host swaps or kills proves nothing. More than the cores allow is the
/// caller's choice, with a warning. At least 1.
Jobs fit_jobs(int asked, const std::vector<PlannedRun>& plan, const HostRoom& room);

}  // namespace lab
