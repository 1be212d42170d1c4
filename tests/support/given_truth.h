#pragma once
// Truths for tests, and what measures say of captures held against them.

#include <string_view>
#include <utility>
#include <vector>

#include "profiler/analysis/fidelity/fidelity.h"
#include "tests/support/given_capture.h"

namespace thaw::test {

/// A load of one thread in the first 100 ms.
inline Truth given_truth(ThreadTruth thread) {
  return {.program = "x", .start_ns = kStart, .end_ns = kStart + 100_ms, .threads = {thread}};
}

/// Measures that were held against the truth, but for that of its threads: every truth has some.
inline std::vector<Measure> of_truth(const Fidelity& fidelity) {
  std::vector<Measure> measures;
  for (const Measure& measure : fidelity.measures)
    if (measure.is_of_truth && measure.is_available() && measure.kind != MeasureKind::threads)
      measures.push_back(measure);
  return measures;
}

/// The first measure whose name begins so; an unavailable one without a reason when there is none.
inline Measure named(const Fidelity& fidelity, std::string_view name) {
  for (const Measure& measure : fidelity.measures)
    if (measure.name.starts_with(name)) return measure;
  ADD_FAILURE() << "no measure " << name;
  return {};
}

/// The kinds of the measures that are not good, each once.
inline std::vector<MeasureKind> wrong_kinds(const Fidelity& fidelity) {
  std::vector<MeasureKind> kinds;
  for (const Measure& measure : fidelity.measures)
    if (!measure.is_good() && std::ranges::find(kinds, measure.kind) == kinds.end())
      kinds.push_back(measure.kind);
  return kinds;
}

}  // namespace thaw::test
