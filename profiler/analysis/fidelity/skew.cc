// Skew: where samples land against where time went, as one number: the total variation distance,
// the part of all samples that would have to move to make both equal.
//
// Of threads, judged: how long each ran is known from the switches, and needs no truth. A sampler
// in step with a load sees it always or never, and one that is blind to some threads gives theirs
// to others. K samples of shares p have on average at most ½ Σ √(p (1−p) / K) of it by chance,
// since the mean of a distance is at most the root of its mean square, and more than that plus t
// with probability exp(−2 K t²) at most (McDiarmid's inequality: one sample moves the distance by
// 1/K). K is divided by how much more samples scatter (dispersion_of). kSpare is what `rate` allows
// a CPU to be short of: all of it may be of one thread. Only runs between two switches that agree
// are looked at, and only where samples come by time.
//
// Of functions, reported: against a truth that divides time or instructions among them, user code
// and the kernel's apart. A timer's interrupt lands behind code that holds interrupts off, and
// never in it; NMIs land everywhere. That is a property of the clock and no lie, so it is measured
// and not judged.

#include <cmath>
#include <map>
#include <unordered_map>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/measures.h"
#include "profiler/analysis/fidelity/profile_measures.h"

namespace thaw {

namespace {

constexpr double kSpare = 0.05;
constexpr double kLeastSamples = 50;
constexpr double kLeastDue = 5;  ///< samples of a thread

struct ThreadShare {
  double ran_ns = 0;
  double samples = 0;
};

/// Half the sum of differences of two divisions.
template <class Map, class A, class B>
double distance(const Map& map, A one, B other) {
  double one_sum = 0;
  double other_sum = 0;
  for (const auto& [key, entry] : map) one_sum += one(entry), other_sum += other(entry);
  double sum = 0;
  if (one_sum > 0 && other_sum > 0)
    for (const auto& [key, entry] : map)
      sum += std::abs(one(entry) / one_sum - other(entry) / other_sum);
  return sum / 2;
}

std::unordered_map<Tid, ThreadShare> shares_of_threads(const Held& held) {
  std::unordered_map<Tid, ThreadShare> threads;
  for (const CpuHistory& history : held.cpus) {
    for (const Run& run : history.runs)
      if (run.is_sure && held.is_recorded(run.tid))
        threads[run.tid].ran_ns += static_cast<double>(run.end_ns - run.start_ns);
    for (const Event* sample : history.samples) {
      const Run* run = history.run_at(sample->time_ns);
      if (run != nullptr && run->is_sure && held.is_recorded(run->tid))
        threads[sample->tid].samples++;
    }
  }
  return threads;
}

/// Each of a thousand threads that live for a millisecond is seen once or not at all: they say
/// nothing here (threads.cc counts them), and a timer's interrupt that waits while one is made or
/// ended finds whoever runs then.
void leave_out_brief(std::unordered_map<Tid, ThreadShare>& threads) {
  double ran_ns = 0;
  double samples = 0;
  for (const auto& [tid, one] : threads) ran_ns += one.ran_ns, samples += one.samples;
  std::erase_if(threads, [&](const auto& entry) {
    return entry.second.ran_ns / ran_ns * samples < kLeastDue;
  });
}

struct FunctionShare {
  double truth = 0;
  double samples = 0;
};

void measure_functions(const ProfileHeld& held, CodeMode mode, const char* name,
                       Fidelity& fidelity) {
  const bool is_exact = held.truth.unit != "ns";
  std::map<std::string, FunctionShare> functions;
  for (const FunctionTruth& function : held.truth.functions)
    if (function.mode == mode)
      functions[function.name].truth += static_cast<double>(function.amount);
  double samples = 0;
  for (const ProfileSample& sample : held.profile.samples) {
    if (functions.empty() || !held.is_of_load(sample)) continue;
    const ProfileFunction* kernel = held.kernel_leaf(sample);
    const ProfileFunction* leaf = mode == CodeMode::kernel ? kernel : held.user_leaf(sample);
    if (leaf == nullptr || (mode == CodeMode::user && is_exact && kernel != nullptr)) continue;
    // A workload names its own functions alone, an oracle all that there were.
    if (!is_exact && !functions.contains(leaf->name)) continue;
    functions[leaf->name].samples += static_cast<double>(sample.count);
    samples += static_cast<double>(sample.count);
  }
  if (samples < kLeastSamples) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::skew, name,
                    functions.empty() ? "the truth does not say where time went"
                                      : fmt::format("{:.0f} samples are in such code", samples)));
    return;
  }
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::skew, name));
  measure.value = 100 * distance(
                            functions, [](const FunctionShare& one) { return one.truth; },
                            [](const FunctionShare& one) { return one.samples; });
  measure.unit = "%";
  measure.high = 100;
  measure.is_judged = false;
  measure.is_of_truth = true;
}

}  // namespace

void measure_thread_skew(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "samples of the wrong thread, by how long each ran";
  if (std::string why = held.why_no_rate(); !why.empty()) {
    fidelity.measures.push_back(unavailable(MeasureKind::skew, kName, std::move(why)));
    return;
  }
  auto threads = shares_of_threads(held);
  leave_out_brief(threads);
  double ran_ns = 0;
  double samples = 0;
  for (const auto& [tid, one] : threads) ran_ns += one.ran_ns, samples += one.samples;
  if (samples < kLeastSamples || ran_ns == 0) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::skew, kName, fmt::format("{:.0f} samples of threads", samples)));
    return;
  }
  const double trials = samples / dispersion_of(held.capture.header());
  double mean = 0;
  for (const auto& [tid, one] : threads) {
    const double share = one.ran_ns / ran_ns;
    mean += std::sqrt(share * (1 - share) / trials) / 2;
  }
  const double by_chance =
      mean + std::sqrt(-std::log(alpha_of(MeasureKind::skew, 1)) / (2 * trials));
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::skew, kName));
  const double off = distance(
      threads, [](const ThreadShare& one) { return one.ran_ns; },
      [](const ThreadShare& one) { return one.samples; });
  measure.value = 100 * off;
  measure.unit = "%";
  measure.high = 100 * (kSpare + by_chance);
  const double excess = std::max(0.0, off - kSpare - mean);
  measure.p = std::exp(-2 * trials * excess * excess);
  measure.effect = Effect{100 * off, "points"};
  measure.is_time = true;
}

void measure_function_skew(const ProfileHeld& held, Fidelity& fidelity) {
  measure_functions(held, CodeMode::user, "samples of the wrong function in user code", fidelity);
  measure_functions(held, CodeMode::kernel, "samples of the wrong function in the kernel",
                    fidelity);
}

}  // namespace thaw
