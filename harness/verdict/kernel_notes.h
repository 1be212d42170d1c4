#pragma once
// What the guest's kernel said of itself and of the subject's programs, in sentences. Pure.

#include <string>
#include <vector>

#include "harness/run/evidence.h"

namespace lab {

/// Nothing where nothing changed. None of it is a verdict: a run that was left out or a rate that
/// was lowered explains what is missing in a profile; whether that was to be is the case's to say.
std::vector<std::string> kernel_notes(const KernelSeen& kernel);

}  // namespace lab
