#pragma once
// `thaw compare`: what changed between two captures. Pure.

#include <array>
#include <optional>
#include <string>

#include "profiler/analysis/compare.h"

namespace thaw {

inline constexpr int kCompareSchema = 1;

struct CompareShown {
  std::array<std::string, 2> names;  ///< of the captures
  size_t rows = 25;                  ///< of functions and of threads
  bool all = false;                  ///< also functions whose change chance explains
};

/// Functions that changed, threads that did, and the captures as a whole.
std::string compare_text(const Comparison& comparison, const CompareShown& shown);

/// One sentence about the functions that grew by more than `points`; empty when none did.
std::string grown_text(const Comparison& comparison, double points);

/// Everything. Every `before`/`after` pair is an object with these two members.
///
/// `schema`; `captures` {`name`, `length_ns`, `samples`, `sample_hz`, `events`, `lost`, `losses`
/// {name: count}, `own_cpu_ns`, `longest_emit_ns`, `freezes`, `frozen_ns`}; `differences[]` with
/// `what` and a pair of texts; `functions[]` with `name`, `module`, and `self` and `total`, each
/// with pairs `samples`, `share` (0 to 1) and `per_s` (samples per second of wall time), and
/// `points` (change of the share in percentage points), `p`, `significant`; `threads[]` with `name`
/// and pairs `threads`, `samples`, `switches_per_s`, `running`, `ready`, `waiting` (seconds per
/// second of wall time, over all threads of the name) and `waits` {reason: seconds per second};
/// `grown[]` (only with a limit): `name`, `module` of the functions beyond it.
std::string compare_json(const Comparison& comparison, const CompareShown& shown,
                         std::optional<double> fail_above_points);

}  // namespace thaw
