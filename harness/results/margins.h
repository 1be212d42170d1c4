#pragma once
// How much of a change of a measure is none: the equivalence margins, one for each kind and unit.
// Pure.

#include <span>
#include <string_view>

namespace lab {

/// A change up to this is no matter, whatever chance says about it.
struct Margin {
  const char* kind;  ///< of a MeasureKind, or "lost", "cost"
  const char* unit;  ///< of the measure
  double absolute;   ///< in that unit
  double relative;   ///< of the baseline's mean; the larger of the two counts
  const char* reason;
};

/// The table, for whoever lists it.
std::span<const Margin> margins();
/// Null for a measure that nobody has said this of: it is kept and never held against a baseline.
const Margin* margin_for(std::string_view kind, std::string_view unit);
/// In the measure's unit, against a baseline of that mean.
double width_of(const Margin& margin, double mean);

}  // namespace lab
