#pragma once
// How true a capture is against a known truth. Pure.

#include <string>
#include <vector>

#include "profiler/analysis/truth.h"
#include "profiler/store/reader.h"

namespace thaw {

struct Measure {
  std::string name;
  double value = 0;
  std::string unit;
  double low = 0;  ///< the value is good in [low, high]
  double high = 0;
  /// It compares two clocks that a host can come between, when it takes a vCPU away.
  bool is_time = false;

  bool is_good() const { return value >= low && value <= high; }
};

struct Fidelity {
  std::vector<Measure> measures;
  std::vector<std::string> notes;  ///< what could not be measured and why, one sentence each
  bool is_good() const;  ///< false too when nothing could be measured: no evidence is no truth
};

/// What can be measured: waits only in a capture with stacks of switches, and nothing that began
/// before the capture or ended after it. Reasons are judged of the waits whose stack was taken; how
/// many were left out by the brake is a note. A stack that is gone without that name is a wrong
/// reason. `tolerance` is a part of the true value: 0.001 is 0.1 %.
Fidelity measure_fidelity(const Capture& capture, const Truth& truth, double tolerance);

}  // namespace thaw
