#pragma once
// Whether a recorder told the truth: against itself, against the limits of its case, against what
// the load knows. Pure; what follows from it is the judge's.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/case/case.h"
#include "harness/run/evidence.h"
#include "profiler/analysis/fidelity/measure.h"
#include "profiler/profiles/stack_profile.h"
#include "profiler/store/reader.h"

namespace lab {

/// What a program said last, without the line end.
std::string last_line(std::string_view text);

/// Events that are neither recorded nor lost by name, or switches that only the kernel counted, in
/// a sentence. Nothing when the books balance, or cover only a part of the capture.
std::optional<std::string> gap_in_books(const thaw::Capture& capture);

struct BrokenLimit {
  bool is_told = false;  ///< false: the account itself is missing
  std::string words;
};
/// The last line of a subject's output, a JSON object of numbers, against the most that each may
/// be.
std::optional<BrokenLimit> broken_limit(std::string_view output_tail,
                                        const std::map<std::string, double>& at_most);

struct Untruth {
  thaw::MeasureKind kind = thaw::MeasureKind::counts;
  bool is_time = false;  ///< a host that took time away can be the cause
  std::string by;        ///< "by the load's own account": who says so
  std::string what;      ///< the measure and its value
  std::string range;     ///< where it should be
};
struct AgainstTruth {
  std::vector<thaw::Measure> measures;
  std::optional<Untruth> untruth;  ///< the first measure that is off
  std::vector<std::string> notes;  ///< what could not be measured
};
/// What was recorded against what the load says of itself and, in a deterministic guest, where
/// instructions are time, what the oracle counted: as far as this run has them, and a profile of
/// another format by the measures that it can carry. A capture is also held against itself. Reads
/// the load's program beside this one for names. What is off by the load's account goes first,
/// unless it is how its time was divided among threads.
AgainstTruth against_truths(const Case& test, const Evidence& evidence,
                            const thaw::Capture& capture);
AgainstTruth against_truths(const Case& test, const Evidence& evidence,
                            const thaw::StackProfile& profile);

/// Why nothing of a profile could be held against a load that knows what its functions did; empty
/// when something was, or when the load knows nothing.
std::string why_nothing_held(const AgainstTruth& against, const std::string& truth);

/// Whether a recorder's end is that of one that was told to end: 0, or by the signal that told it.
bool has_ended_well(const Subject& recorder, int exit_code);

}  // namespace lab
