#pragma once
// The freeze meter's gauge: every gap that somebody in or outside the guest saw, as stalls. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "harness/run/evidence.h"
#include "harness/verdict/host_time.h"
#include "harness/verdict/verdict.h"
#include "profiler/analysis/emits.h"

namespace lab {

/// One witness's account of one gap, guest time.
struct Sighting {
  Interval guest;
  std::vector<uint32_t> cpus;
  std::string context;  ///< as Stall::context
  std::string witness;  ///< as Stall::witnesses
  int64_t held_ns = 0;  ///< of it, what the host may have taken
  std::vector<uint64_t> stack;

  int64_t length_ns() const { return guest.end_ns - guest.start_ns; }
  int64_t own_ns() const { return length_ns() - held_ns; }
};

/// Everything that was seen during the load, by start. `emits` may be null.
std::vector<Sighting> find_sightings(const Evidence& evidence, const thaw::EmitSummary* emits,
                                     const HostTime& host);

/// Sightings that overlap are one stall: an NMI nested in the program it interrupted, two CPUs in
/// one lock, a heartbeat that was late because of both. Largest own part first.
std::vector<Stall> to_stalls(const std::vector<Sighting>& sightings, const HostTime& host,
                             int64_t load_start_ns);

}  // namespace lab
