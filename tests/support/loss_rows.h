#pragma once
// The rows of wire/loss.def, for the tests that walk them, and which of the two walks provokes a
// row: unit/bpf in the natively compiled programs, or live/capture in a real recording. Each walk
// fails for a row of its own that nothing makes grow.

#include <algorithm>
#include <ostream>
#include <string_view>
#include <vector>

#include "profiler/wire/event.h"

namespace test {

struct LossRow {
  loss index;
  std::string_view name;
};

inline void PrintTo(const LossRow& row, std::ostream* out) {
  *out << row.name;
}

inline std::vector<LossRow> loss_rows() {
  return {
#define LOSS(name, where, severity, remedy) {LOSS_##name, #name},
#include "profiler/wire/loss.def"
#undef LOSS
  };
}

/// Counted by user space, from what it reads or from what the kernel says of its own accord.
inline constexpr loss kProvokedLive[] = {LOSS_program_missed, LOSS_bad_record,
                                         LOSS_transport_lost, LOSS_mapping_lost,
                                         LOSS_event_lost,     LOSS_event_throttled};

inline bool is_provoked_live(loss row) {
  return std::ranges::find(kProvokedLive, row) != std::end(kProvokedLive);
}

}  // namespace test
