// Rate: samples that came against samples that were due.
//
// cpu-clock is a timer on each CPU. What it finds there is a thread or nobody, and only of threads
// is something due: whether an idle CPU is sampled is the kernel's choice (some stop the timer,
// some do not), so samples of nobody are left out, and so is the time in which nobody ran, or in
// which a lost switch makes it unsure who did. While threads run for B seconds, B · hz samples are
// due.
//
// The interval. A timer that comes late, because interrupts were held off or a host ran something
// else, skips the periods that it missed; kSpare is what that may cost, the 5 % that Thaw promises
// not to exceed (a burst load gets at least 95 % of its samples). Around that a count scatters.
// With a fixed period it scatters by less than one for each time that the CPU becomes busy; with
// periods drawn at random (capture/) the variance is about half of Poisson's: its law bounds both.
// The chance is that of the kind (alpha.h), divided among CPUs and windows.
//
// Samples that the brake left out are counted by the recorder by the rule that it applied; what
// remains is judged at the rate that remains.
//
// Not for NMIs, whose sender sets the rate, nor for cycles, which are no time.

#include <unordered_set>

#include <algorithm>
#include <cmath>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/measures.h"
#include "profiler/base/statistics.h"

namespace thaw {

namespace {

constexpr double kSpare = 0.05;
constexpr int64_t kWindowNs = 1'000'000'000;
/// With fewer samples due, the interval begins at zero and says nothing.
constexpr double kLeastDue = 50;

/// What is due of one CPU, and what came, in one stretch of time.
struct Due {
  CpuId cpu;
  int64_t start_ns = 0;
  double due = 0;
  uint64_t came = 0;
};

class Rates {
 public:
  explicit Rates(const Held& held) : held_(held), hz_(held.samples_hz()) {}

  Due of(const CpuHistory& history, int64_t from_ns, int64_t until_ns) const {
    Due due{history.cpu, from_ns, 0, 0};
    int64_t busy_ns = 0;
    for (const Run& run : history.runs) {
      if (run.end_ns <= from_ns || run.start_ns >= until_ns || !is_due(run)) continue;
      busy_ns += std::min(run.end_ns, until_ns) - std::max(run.start_ns, from_ns);
    }
    due.due = static_cast<double>(busy_ns) / 1e9 * hz_;
    for (const Event* sample : history.samples) {
      if (sample->time_ns < from_ns || sample->time_ns >= until_ns) continue;
      const Run* run = history.run_at(sample->time_ns);
      if (run != nullptr && is_due(*run)) due.came++;
    }
    return due;
  }

 private:
  bool is_due(const Run& run) const { return run.is_sure && held_.is_recorded(run.tid); }

  const Held& held_;
  const double hz_;
};

Measure measure_of(const Due& due, std::string name, double alpha) {
  Measure measure = thaw::measure_of(MeasureKind::rate, std::move(name));
  const double low = due.due * (1 - kSpare);
  const double high = due.due * (1 + kSpare);
  const CountRange counts = poisson_counts(low, high, alpha);
  measure.value = percent(static_cast<double>(due.came), due.due);
  measure.unit = "%";
  measure.low = percent(counts.least, due.due);
  measure.high = percent(counts.most, due.due);
  measure.p = poisson_p(due.came, low, high);
  measure.effect = Effect{std::abs(measure.value - 100), "points"};
  measure.is_time = true;
  return measure;
}

}  // namespace

void measure_rate(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "samples that came of those that were due";
  if (std::string why = held.why_no_rate(); !why.empty()) {
    fidelity.measures.push_back(unavailable(MeasureKind::rate, kName, std::move(why)));
    return;
  }
  const Rates rates(held);
  std::vector<Due> cpus;
  std::vector<Due> windows;
  for (const CpuHistory& history : held.cpus) {
    const Due all = rates.of(history, held.start_ns, held.end_ns);
    if (all.due >= kLeastDue) cpus.push_back(all);
    for (int64_t at = held.start_ns; at + kWindowNs <= held.end_ns; at += kWindowNs)
      if (const Due due = rates.of(history, at, at + kWindowNs); due.due >= kLeastDue)
        windows.push_back(due);
  }
  if (cpus.empty()) {
    fidelity.measures.push_back(unavailable(
        MeasureKind::rate, kName,
        fmt::format("no CPU was busy for long enough: less than {:.0f} samples were due",
                    kLeastDue)));
    return;
  }
  const double alpha = alpha_of(MeasureKind::rate, cpus.size() + windows.size());
  for (const Due& due : cpus)
    fidelity.measures.push_back(
        measure_of(due, fmt::format("samples of CPU {}, of those due", due.cpu), alpha));
  if (windows.empty()) return;
  // All are tested, the worst is shown.
  std::optional<Measure> worst;
  for (const Due& due : windows) {
    Measure measure = measure_of(
        due,
        fmt::format("samples in the worst second (CPU {}, {:.1f} s after the start), of those due",
                    due.cpu, static_cast<double>(due.start_ns - held.start_ns) / 1e9),
        alpha);
    if (!worst || *measure.p < *worst->p) worst = std::move(measure);
  }
  fidelity.measures.push_back(std::move(*worst));
}

}  // namespace thaw
