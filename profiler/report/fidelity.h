#pragma once
// `thaw fidelity`: how true a capture is. Pure.

#include <string>

#include "profiler/analysis/fidelity/measure.h"

namespace thaw {

inline constexpr int kFidelitySchema = 1;

/// One line for each kind of measure, and those that are not good with what that means. With
/// `all`, every measure.
std::string fidelity_text(const Fidelity& fidelity, bool all = false);
/// `schema`, `ok`; `notes[]`; `measures[]` with `name`, `kind`, `value`, `unit`, `low`, `high`,
/// `ok`, `judged`, `available`, `reason` (why it is not available), `means`, `p` and `effect`
/// {`size`, `unit`} (null where there is none).
std::string fidelity_json(const Fidelity& fidelity);

}  // namespace thaw
