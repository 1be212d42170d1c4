// Rate: samples that came against samples that were due.
//
// cpu-clock is a timer on each CPU. What it finds there is a thread or nobody, and only of threads
// is something due: whether an idle CPU is sampled is the kernel's choice (some stop the timer,
// some do not), so samples of nobody are left out, and so is the time in which nobody ran, or in
// which a lost switch makes it unsure who did. While threads run for B seconds, B · hz samples are
// due.
//
// Holes. A timer that could not run, because interrupts were held off or a host ran something else,
// skips the periods that it missed and comes at once when it can. That is a hole, not a rate: busy
// time in holes of more than kHolePeriods is left to `gaps`, which judges how long they may be and
// says how much they are.
//
// The interval. Shorter ones cost a sample now and then; kSpare is what that may come to, the 5 %
// that Thaw promises not to exceed (a burst load gets at least 95 % of its samples). Around that a
// count scatters. With a fixed period it scatters by less than one for each time that the CPU
// becomes busy; with periods drawn at random (capture/) the variance is about half of Poisson's:
// its law bounds both. The chance is that of the kind (alpha.h), divided among CPUs and windows.
//
// Samples that the brake left out are counted by the recorder by the rule that it applied; what
// remains is judged at the rate that remains.
//
// Not for NMIs, whose sender sets the rate, nor for cycles, which are no time.

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

/// Of one CPU: by windows, and all of them.
struct CpuDue {
  Due all;
  std::vector<Due> windows;
};

CpuDue due_of(const Held& held, const CpuHistory& history) {
  const double hz = held.samples_hz();
  CpuDue cpu{{history.cpu, held.start_ns}, {}};
  const auto count = static_cast<size_t>((held.end_ns - held.start_ns) / kWindowNs);
  for (size_t window = 0; window < count; window++)
    cpu.windows.push_back({history.cpu, held.start_ns + static_cast<int64_t>(window) * kWindowNs});
  each_hole(held, history, [&](const Hole& hole) {
    const double due = static_cast<double>(hole.busy_ns) / 1e9 * hz;
    if (due > kHolePeriods) return;
    const auto add = [&](Due& to) {
      to.due += due;
      if (hole.is_answered) to.came++;
    };
    add(cpu.all);
    const int64_t since_start_ns = std::max<int64_t>(0, hole.end_ns - held.start_ns);
    if (const auto window = static_cast<size_t>(since_start_ns / kWindowNs); window < count)
      add(cpu.windows[window]);
  });
  return cpu;
}

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
  std::vector<Due> cpus;
  std::vector<Due> windows;
  for (const CpuHistory& history : held.cpus) {
    const CpuDue cpu = due_of(held, history);
    if (cpu.all.due >= kLeastDue) cpus.push_back(cpu.all);
    for (const Due& due : cpu.windows)
      if (due.due >= kLeastDue) windows.push_back(due);
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
