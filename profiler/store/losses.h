#pragma once
// The table of losses (wire/loss.def) for those who read captures: what a name in Tally::losses
// means.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace thaw {

/// How much a loss hurts.
enum class Severity {
  Silent,    ///< nothing a reader of the capture could notice
  Degraded,  ///< the event is there but poorer
  DataLoss,  ///< each count is one event that happened and is not in the file
};
const char* name_of(Severity severity);

struct Loss {
  std::string_view name;
  bool in_kernel;  ///< counted by a BPF program; else by the recorder
  Severity severity;
  std::string_view remedy;  ///< what happened and what to do, one sentence without a full stop
};

/// Every row, in the order of the table.
std::span<const Loss> all_losses();

/// Events gone: the counts of severity DataLoss.
uint64_t data_loss(const std::map<std::string, uint64_t>& losses);

/// Null for a name that this version does not know (a newer capture).
const Loss* find_loss(std::string_view name);

}  // namespace thaw
