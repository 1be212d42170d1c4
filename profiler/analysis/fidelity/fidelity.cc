// Holds a capture against what is known otherwise: what a workload or an oracle says (truth.h), and
// what the capture itself must agree in.
//
// Each measure stands in a file of its own (measures.h), with how its interval follows. They share
// one budget of false alarms (alpha.h). A thread that the capture does not know has waited and run
// for nothing, which is as wrong as it can be.

#include "profiler/analysis/fidelity/fidelity.h"

#include "profiler/analysis/fidelity/measures.h"
#include "profiler/analysis/fidelity/profile_measures.h"

namespace thaw {

namespace {

using MeasureTaker = void (*)(const Held&, Fidelity&);
constexpr MeasureTaker kTakers[] = {measure_counts,      measure_rate,       measure_gaps,
                                    measure_time,        measure_waits,      measure_wakers,
                                    measure_order,       measure_clock,      measure_threads,
                                    measure_stack_marks, measure_thread_skew};

using ProfileTaker = void (*)(const ProfileHeld&, Fidelity&);
constexpr ProfileTaker kProfileTakers[] = {measure_shares, measure_stacks, measure_symbols,
                                           measure_function_skew};

/// Measures of what only a capture has.
constexpr MeasureKind kKindsOfCaptures[] = {
    MeasureKind::counts, MeasureKind::losses, MeasureKind::rate,   MeasureKind::gaps,
    MeasureKind::time,   MeasureKind::waits,  MeasureKind::wakers, MeasureKind::order,
    MeasureKind::clock,  MeasureKind::threads};

}  // namespace

Fidelity measure_fidelity(const Capture& capture, const Truth& truth, double tolerance,
                          const NameOptions& names) {
  const Held held(capture, truth, tolerance);
  Fidelity fidelity;
  if (std::string why = held.why_not_covered(truth.start_ns, truth.end_ns); !why.empty())
    fidelity.notes.push_back(std::move(why));
  for (const MeasureTaker take : kTakers) take(held, fidelity);
  const StackProfile profile = profile_of(capture, names, truth.start_ns, truth.end_ns);
  const bool is_by_nmi = capture.header().clock == "nmi";
  const ProfileHeld held_profile(profile, truth, dispersion_of(capture.header()), is_by_nmi);
  for (const ProfileTaker take : kProfileTakers) take(held_profile, fidelity);
  return fidelity;
}

Fidelity measure_fidelity(const StackProfile& profile, const Truth& truth) {
  Fidelity fidelity;
  for (const MeasureKind kind : kKindsOfCaptures)
    fidelity.measures.push_back(unavailable(
        kind, "in a profile of another format",
        fmt::format("{} has stacks and how often they were seen, no events and no times",
                    profile.format)));
  const ProfileHeld held(profile, truth, kUnknownDispersion, false);
  for (const ProfileTaker take : kProfileTakers) take(held, fidelity);
  return fidelity;
}

}  // namespace thaw
