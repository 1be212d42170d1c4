#pragma once
// What stood beside the subject: another recorder of the same load, held against the same truths.
// Pure, and nothing in it is part of the verdict.

#include <optional>
#include <string>

#include "harness/verdict/verdict.h"

namespace lab {

/// Why there is no profile of a recorder that should have left one, as a clause; empty: there is.
std::string why_no_profile(const SubjectOutcome& recorder, const LeftProfile& left);

/// Absent when the case has no comparison, or the guest never told what became of it.
/// `are_times_known`: the host took so little of the load's time that times are the guest's own.
std::optional<ComparedRecorder> compare_recorder(const Case& test, const Evidence& evidence,
                                                 const LeftProfile& left, bool are_times_known);

/// Puts the comparison, which there is, into a verdict's notes, and where the run is bad into its
/// reason: whoever reads that shall know that the subject was not alone. Of a machine that died
/// nothing is compared.
void tell_comparison(Verdict& verdict);

}  // namespace lab
