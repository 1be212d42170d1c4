// Symbols: code whose name is known has it.
//
// Judged of the load alone: its programs are not stripped, and a truth that names functions says
// so. Of its samples in user code nearly all must have a name: kSpare is for stubs of assembly that
// a compiler or libc leaves without one. A program whose file is not here at all (a guest's, of
// which nobody told where it is) names nothing, and is unavailable. Code of the kernel has its
// names from the capture: it was recorded with them, or says that it could not.

#include <cmath>

#include "profiler/analysis/fidelity/alpha.h"
#include "profiler/analysis/fidelity/profile_measures.h"
#include "profiler/base/statistics.h"

namespace thaw {

namespace {

constexpr double kSpare = 0.005;
constexpr uint64_t kLeastSamples = 50;
constexpr size_t kTests = 2;  ///< user and kernel

struct Named {
  uint64_t named = 0;
  uint64_t all = 0;

  void take(const ProfileFunction* leaf, uint64_t count) {
    if (leaf == nullptr) return;
    all += count;
    if (leaf->is_named()) named += count;
  }
};

void add(const ProfileHeld& held, Fidelity& fidelity, const char* name, const Named& counts,
         const char* nowhere) {
  if (counts.all < kLeastSamples || counts.named == 0) {
    fidelity.measures.push_back(unavailable(
        MeasureKind::symbols, name,
        counts.all < kLeastSamples ? fmt::format("{} samples are there", counts.all) : nowhere));
    return;
  }
  const auto scaled = [&](uint64_t number) {
    return static_cast<uint64_t>(std::llround(static_cast<double>(number) / held.dispersion));
  };
  const uint64_t trials = scaled(counts.all);
  const CountRange range =
      binomial_counts(trials, 1 - kSpare, 1, alpha_of(MeasureKind::symbols, kTests));
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::symbols, name));
  measure.value = 100 * static_cast<double>(counts.named) / static_cast<double>(counts.all);
  measure.low = std::max(0.0, 100 * (range.least - 0.5) / static_cast<double>(trials));
  measure.high = 100;
  measure.unit = "%";
  measure.p = binomial_p(scaled(counts.named), trials, 1 - kSpare, 1);
  measure.effect = Effect{std::min(0.0, measure.value - 100 * (1 - kSpare)), "points"};
}

}  // namespace

void measure_symbols(const ProfileHeld& held, Fidelity& fidelity) {
  Named user;
  Named kernel;
  for (const ProfileSample& sample : held.profile.samples) {
    if (!held.is_of_load(sample)) continue;
    const ProfileFunction* in_kernel = held.kernel_leaf(sample);
    kernel.take(in_kernel, sample.count);
    if (in_kernel == nullptr) user.take(held.user_leaf(sample), sample.count);
  }
  constexpr char kUser[] = "samples of the load in user code that have a name";
  if (held.truth.functions.empty())
    fidelity.measures.push_back(
        unavailable(MeasureKind::symbols, kUser, "the truth names no functions"));
  else
    add(held, fidelity, kUser, user, "the load's program is not here: say where with --symbols");
  constexpr char kKernel[] = "samples of the load in the kernel that have a name";
  if (!held.profile.has_kernel)
    fidelity.measures.push_back(unavailable(MeasureKind::symbols, kKernel,
                                            "the profile does not say which code is the kernel's"));
  else
    add(held, fidelity, kKernel, kernel,
        "the recorder was not allowed to read the kernel's symbols");
}

}  // namespace thaw
