// Holds a capture against what is known otherwise: what a workload or an oracle says (truth.h), and
// what the capture itself must agree in.
//
// Each measure stands in a file of its own (measures.h), with how its interval follows. They share
// one budget of false alarms (alpha.h). A thread that the capture does not know has waited and run
// for nothing, which is as wrong as it can be.

#include "profiler/analysis/fidelity/fidelity.h"

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

using MeasureTaker = void (*)(const Held&, Fidelity&);
constexpr MeasureTaker kTakers[] = {measure_counts, measure_rate,  measure_gaps,
                                    measure_time,   measure_waits, measure_wakers,
                                    measure_order,  measure_clock, measure_threads};

}  // namespace

Fidelity measure_fidelity(const Capture& capture, const Truth& truth, double tolerance) {
  const Held held(capture, truth, tolerance);
  Fidelity fidelity;
  if (std::string why = held.why_not_covered(truth.start_ns, truth.end_ns); !why.empty())
    fidelity.notes.push_back(std::move(why));
  for (const MeasureTaker take : kTakers) take(held, fidelity);
  return fidelity;
}

}  // namespace thaw
