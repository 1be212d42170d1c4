#pragma once
// `thaw fidelity`: how true a capture is. Pure.

#include <string>

#include "profiler/analysis/fidelity.h"

namespace thaw {

inline constexpr int kFidelitySchema = 1;

std::string fidelity_text(const Fidelity& fidelity);
/// `schema`, `ok`; `notes[]` (why something could not be measured); `measures[]` with `name`,
/// `value`, `unit`, `low`, `high`, `ok`.
std::string fidelity_json(const Fidelity& fidelity);

}  // namespace thaw
