#pragma once
// Neighbours of a case: settings under which the same thing may show more often, and simpler cases
// under which it may still show. Pure.

#include <string>
#include <vector>

#include "harness/case/case.h"

namespace lab {

/// A case with one thing changed.
struct Setting {
  std::string name;  ///< what was changed: "rate 900/s", "without the load"
  Case test;
};

/// The case itself first, then others: NMI rate up and down, jitter, CPUs, load. Only what the case
/// has is varied.
std::vector<Setting> variations(const Case& test);

/// What the case can do without, the largest part first. Each is one step; after one was taken, ask
/// again with the simpler case.
std::vector<Setting> reductions(const Case& test);

}  // namespace lab
