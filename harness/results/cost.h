#pragma once
// What a recorder adds to what it records, in instructions per event. Pure.

#include <optional>
#include <string>
#include <vector>

#include "harness/results/result.h"

namespace lab {

/// Of one run that asks for it, against the run of its baseline on the same kernel. A quantity is
/// instructions; noise is none in deterministic guests, where two runs of a case are one.
struct Cost {
  std::string run;  ///< id of the run with the subject
  std::string kernel;
  std::string case_name;
  std::string per;      ///< "switch" or "sample"
  uint64_t events = 0;  ///< of the load, in the run with the subject
  /// Per event, what the load's threads executed more: the programs and tracepoints inside of them.
  double in_load = 0;
  /// Per event, what all others executed more: the recorder's own threads, and start and end of the
  /// recording, as far as they lie in the load's time.
  double elsewhere = 0;
  /// in_load of this as a part of in_load of the peer; absent without one.
  std::optional<double> of_peer;
};

/// Those that can be said; a run whose baseline is missing, or that had no event, is left out.
std::vector<Cost> costs_of(const ResultSet& results);

}  // namespace lab
