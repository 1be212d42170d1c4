// The words of measures. What a measure means when it fails is said once for each kind: it is the
// same whatever thread or function it was measured of.

#include "profiler/analysis/fidelity/measure.h"

#include <algorithm>
#include <array>

namespace thaw {

namespace {

struct KindWords {
  const char* name;
  const char* means;
};
constexpr std::array<KindWords, kMeasureKinds> kKinds{{
    {"counts", "events happened that are neither in the file nor lost by name"},
    {"losses", "losses are named that never were: more was recorded and lost than happened"},
    {"rate", "CPUs that ran were not sampled as often as was asked for"},
    {"gaps", "for some time a CPU that ran was not sampled at all"},
    {"shares", "samples are not divided among functions or threads as their time was"},
    {"stacks", "stacks are not those that the program had: cut, without a leaf, or too short"},
    {"time", "a thread did not run, was not ready or did not wait for as long as is shown"},
    {"waits", "threads did not wait for what is shown"},
    {"wakers", "somebody else ended these waits, or nobody did"},
    {"order",
     "events are shown where they cannot have been: before their cause, or of a thread "
     "that had no CPU"},
    {"clock", "time stamps do not keep the time that passed"},
    {"threads", "threads or processes that lived are not in the capture"},
    {"symbols", "code whose name is known is shown without one"},
    {"skew", "samples land elsewhere than the time went"},
}};

const KindWords& words_of(MeasureKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

}  // namespace

const char* name_of(MeasureKind kind) {
  return words_of(kind).name;
}

Measure measure_of(MeasureKind kind, std::string name) {
  Measure measure;
  measure.name = std::move(name);
  measure.kind = kind;
  measure.means = words_of(kind).means;
  return measure;
}

Measure unavailable(MeasureKind kind, std::string name, std::string why) {
  Measure measure = measure_of(kind, std::move(name));
  measure.unavailable = std::move(why);
  return measure;
}

bool Fidelity::has_truth() const {
  return std::ranges::any_of(measures, [](const Measure& measure) {
    return measure.is_of_truth && measure.is_available() && measure.is_judged;
  });
}

bool Fidelity::is_good() const {
  return has_truth() && first_wrong() == nullptr;
}

const Measure* Fidelity::first_wrong() const {
  const auto wrong = std::ranges::find_if_not(measures, &Measure::is_good);
  return wrong == measures.end() ? nullptr : &*wrong;
}

}  // namespace thaw
