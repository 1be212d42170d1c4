// Gaps: the longest hole between samples of a CPU that was busy.
//
// Measured in busy time: what lies between two samples of a CPU, less the time in which nobody ran
// there, or a thread that is not recorded, or it is not sure who. It begins again at each sample.
//
// The interval ends where chance does: samples that come at random at a rate r leave a hole longer
// than g with probability exp(−g·r), so that of n holes one is longer than ln(n / alpha) / r with
// probability alpha at most. Timers are more even than that. A host that gives a vCPU to somebody
// else, or a kernel that holds off interrupts, adds to a hole without anybody's fault: kSilentNs
// and kSilentPeriods, those of silences.h, are what was seen and what is allowed. Samples that were
// lost by name can all have come from one hole: it may be longer by as many periods.

#include <algorithm>
#include <cmath>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

constexpr double kSilentNs = 50e6;
constexpr double kSilentPeriods = 50;

}  // namespace

void measure_gaps(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "longest hole between samples of a busy CPU";
  if (std::string why = held.why_no_rate(); !why.empty()) {
    fidelity.measures.push_back(unavailable(MeasureKind::gaps, kName, std::move(why)));
    return;
  }
  const double hz = held.samples_hz();
  size_t holes = 0;
  for (const CpuHistory& history : held.cpus) holes += history.samples.size() + 1;
  const double by_chance_ns =
      std::log(static_cast<double>(holes) / alpha_of(MeasureKind::gaps, 1)) / hz * 1e9;
  const double lost_ns = static_cast<double>(held.samples_lost_at_most()) / hz * 1e9;
  const double most_ns = std::max({by_chance_ns, kSilentNs, kSilentPeriods / hz * 1e9}) + lost_ns;
  Hole longest;
  int64_t busy_ns = 0;
  int64_t in_holes_ns = 0;
  for (const CpuHistory& history : held.cpus)
    each_hole(held, history, [&](const Hole& hole) {
      busy_ns += hole.busy_ns;
      if (static_cast<double>(hole.busy_ns) > kHolePeriods / hz * 1e9) in_holes_ns += hole.busy_ns;
      if (hole.busy_ns > longest.busy_ns) longest = hole;
    });
  Measure& measure = fidelity.measures.emplace_back(
      measure_of(MeasureKind::gaps,
                 fmt::format("{} (CPU {}, until {:.3f} s after the start)", kName, longest.cpu,
                             static_cast<double>(longest.end_ns - held.start_ns) / 1e9)));
  measure.value = static_cast<double>(longest.busy_ns) / 1e6;
  measure.unit = "ms";
  measure.high = most_ns / 1e6;
  const double silent_ns = std::max(0.0, static_cast<double>(longest.busy_ns) - lost_ns);
  measure.p = std::min(1.0, static_cast<double>(holes) * std::exp(-silent_ns / 1e9 * hz));
  measure.effect = Effect{static_cast<double>(longest.busy_ns) / 1e9 * hz, "periods"};
  measure.is_time = true;
  Measure& all = fidelity.measures.emplace_back(
      measure_of(MeasureKind::gaps, "busy time in holes that are too long for the rate to count"));
  all.value = percent(static_cast<double>(in_holes_ns), static_cast<double>(busy_ns));
  all.unit = "%";
  all.high = 100;
  all.is_judged = false;
  all.means = "interrupts were held off, or a host ran something else";
}

}  // namespace thaw
