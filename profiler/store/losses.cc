// loss.def as an array. The BPF programs make their counters from the same rows.

#include "profiler/store/losses.h"

#include <algorithm>

namespace thaw {
namespace {

constexpr bool kernel = true;
constexpr bool user = false;

#define LOSS(name, where, severity, remedy) Loss{#name, where, Severity::severity, remedy},
constexpr Loss kLosses[] = {
#include "profiler/wire/loss.def"
};
#undef LOSS

}  // namespace

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::Silent:
      return "silent";
    case Severity::Degraded:
      return "degraded";
    case Severity::DataLoss:
      return "data loss";
  }
  return "unknown";
}

std::span<const Loss> all_losses() {
  return kLosses;
}

const Loss* find_loss(std::string_view name) {
  const auto found = std::ranges::find(kLosses, name, &Loss::name);
  return found == std::end(kLosses) ? nullptr : found;
}

uint64_t data_loss(const std::map<std::string, uint64_t>& losses) {
  uint64_t sum = 0;
  for (const auto& [name, count] : losses) {
    const Loss* row = find_loss(name);
    if (row != nullptr && row->severity == Severity::DataLoss) sum += count;
  }
  return sum;
}

}  // namespace thaw
