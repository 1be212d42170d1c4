// wire counters → store Tally.

#include "profiler/capture/counters.h"

#include <algorithm>

namespace thaw {
namespace {

#define LOSS(name, where, severity, remedy) #name,
constexpr const char* kLossNames[] = {
#include "profiler/wire/loss.def"
};
#undef LOSS

static_assert(EVENT_KINDS == kEventKinds);
static_assert(EVENT_SLOW_EMIT == static_cast<int>(EventKind::slow_emit));
static_assert(THAW_EMIT_BUCKETS == EmitHistogram::kBuckets);

void add(EmitHistogram& histogram, const emit_counters& counters) {
  for (int bucket = 0; bucket < THAW_EMIT_BUCKETS; bucket++)
    histogram.buckets[bucket] += counters.buckets[bucket];
  histogram.max_ns = std::max<uint64_t>(histogram.max_ns, counters.max_ns);
}

/// A CPU that never switched while recording has nothing to check: its window is closed and empty.
SwitchWindow window_of(const cpu_state& cpu) {
  if (cpu.window == WINDOW_CLOSED) return {0, true};
  return {cpu.switches_after - cpu.switches_before, cpu.window == WINDOW_ENDED};
}

}  // namespace

EmitContext context_of(uint8_t level) {
  if (level == LEVEL_NMI) return EmitContext::nmi;
  return level == LEVEL_TIMER ? EmitContext::interrupt : EmitContext::task;
}

Tally tally_of(std::span<const cpu_state> cpus, bool switch_window) {
  Tally tally;
  tally.emit.resize(cpus.size());
  for (size_t cpu = 0; cpu < cpus.size(); cpu++) {
    for (uint8_t level = 0; level < LEVELS; level++) {
      const emit_counters& counters = cpus[cpu].levels[level];
      for (int kind = 0; kind < EVENT_KINDS; kind++)
        tally.happened[kind] += counters.happened[kind];
      for (int loss = 0; loss < LOSSES; loss++) {
        if (counters.losses[loss] != 0) tally.losses[kLossNames[loss]] += counters.losses[loss];
      }
      add(tally.emit[cpu][static_cast<size_t>(context_of(level))], counters);
    }
    for (const emit_counters& level : cpus[cpu].levels) tally.programs_ns += level.spent_ns;
    const emit_counters& nmi = cpus[cpu].levels[LEVEL_NMI];
    tally.nmi_runs += nmi.happened[EVENT_SAMPLE];
    if (switch_window) tally.switches.push_back(window_of(cpus[cpu]));
  }
  return tally;
}

}  // namespace thaw
