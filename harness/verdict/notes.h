#pragma once
// What a report should also say of a run, whatever its verdict. Pure.

#include <string>
#include <vector>

#include "harness/run/evidence.h"
#include "harness/verdict/verdict.h"
#include "profiler/analysis/emits.h"

namespace lab {

/// Borrows all that it names.
struct EvidenceNotes {
  const Evidence& evidence;
  const thaw::EmitSummary* emits = nullptr;  ///< of the subject's capture; null: there is none
  const std::vector<Finding>& findings;      ///< of the console
  const std::vector<std::string>& unmeasured;
};

/// Adds a sentence for each: records that are missing, warnings on the console, what could not be
/// measured, what the kernel says of itself, what the lab itself did to the run.
void add_notes(const EvidenceNotes& from, std::vector<std::string>& notes);

}  // namespace lab
