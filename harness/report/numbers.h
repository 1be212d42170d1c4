#pragma once
// The few figures of a run that table, page and explanation all show. Pure.

#include <cstddef>
#include <optional>
#include <string>

#include "harness/results/result.h"

namespace lab {

/// What counts as a stall in the tables: the meter's own limit for emits, see verdict/judge.cc.
inline constexpr double kShownStallMs = 8;

/// Of all stalls, the largest part that the host does not explain; 0 without stalls.
double longest_own_ms(const RunResult& run);
/// Stalls with an own part of kShownStallMs or more.
size_t own_stalls(const RunResult& run);
/// By the kernel's own count, else by what was recorded; absent without a capture or a load.
std::optional<double> switches_per_s(const RunResult& run);
/// "0", "3.4 ms", "134 ms", "1.04 s".
std::string duration_text(double ms);
uint64_t nmis_total(const RunResult& run);

}  // namespace lab
