// Windows in which something stood still.
//
// Goal. Say when, on which CPUs, how long, and who was in it.
//
// Definitions. A *sighting* is one record of something that took too long on one CPU: a slow_emit
// (a BPF program of ours waited while it emitted; interrupts were off, so the CPU did nothing
// else), a stall (a heartbeat came late), or a silence (silences.h: a thread was on it, and for
// long no sample came). A *freeze* is a union of sightings that overlap in time.
//
// Why the obvious way is wrong. One freeze per sighting counts one event of the machine several
// times: the NMI that waits for a lock is nested in the program it interrupted, which holds another
// one or waits too, and the CPU that holds the lock has a sighting of its own. They overlap, so
// they are one freeze, as long as all of them together. Nor does a gap between events alone say
// that anything stood still: an idle machine has no events either, and what was lost is not there.
//
// The threshold applies to the united window: two emits of 0.9 ms each that follow each other
// without overlap are no freeze of 1.8 ms.

#include "profiler/analysis/freezes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "profiler/analysis/emits.h"
#include "profiler/store/losses.h"

namespace thaw {
namespace {

struct Sighting {
  int64_t start_ns = 0;
  int64_t length_ns = 0;
  CpuId cpu;
  EmitContext context = EmitContext::task;
  std::string witness;  ///< of a stall; empty for the others
  Tid silent;           ///< of a silence: who was on the CPU; 0 for the others
  std::vector<uint64_t> stack;

  int64_t end_ns() const {
    return static_cast<int64_t>(static_cast<uint64_t>(start_ns) + static_cast<uint64_t>(length_ns));
  }
};

std::vector<Sighting> find_sightings(const Capture& capture, std::span<const Silence> silences) {
  std::vector<Sighting> sightings;
  for (LongEmit& emit : summarize_emits(capture).longs)
    sightings.push_back(
        {emit.start_ns, emit.length_ns, emit.cpu, emit.context, "", {}, std::move(emit.stack)});
  for (const Event& event : capture.events()) {
    if (event.kind != EventKind::stall) continue;
    std::string witness(capture.text(event.name));
    if (witness.empty()) witness = "heartbeat";
    sightings.push_back({event.time_ns,
                         event.duration_ns,
                         event.cpu,
                         EmitContext::task,
                         std::move(witness),
                         {},
                         {}});
  }
  for (const Silence& silence : silences) {
    const auto stack = capture.stack(silence.kernel_stack);
    sightings.push_back({silence.start_ns,
                         silence.end_ns - silence.start_ns,
                         silence.cpu,
                         EmitContext::task,
                         "",
                         silence.tid,
                         {stack.begin(), stack.end()}});
  }
  std::erase_if(sightings, [](const Sighting& sighting) {
    return sighting.length_ns <= 0 || sighting.end_ns() <= sighting.start_ns;
  });
  std::ranges::stable_sort(sightings, {}, &Sighting::start_ns);
  return sightings;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " and "));
}

/// What nobody measured: threads were on CPUs, and nothing came.
std::string silence_in_words(const Capture& capture, std::span<const Sighting> sightings) {
  std::vector<Tid> tids;
  for (const Sighting& sighting : sightings)
    if (sighting.silent.value != 0 && std::ranges::find(tids, sighting.silent) == tids.end())
      tids.push_back(sighting.silent);
  const bool is_lossy = capture.tally() && data_loss(capture.tally()->losses) != 0;
  return fmt::format("no event and no sample while thread{} {} ran{}", tids.size() == 1 ? "" : "s",
                     fmt::join(tids, ", "), is_lossy ? "; events were lost, which may be why" : "");
}

/// In words: the contexts of its emits, innermost first; without emits, who saw it.
std::string cause_of(const Capture& capture, std::span<const Sighting> sightings) {
  std::array<bool, kEmitContexts> seen{};
  std::vector<std::string> witnesses;
  for (const Sighting& sighting : sightings) {
    if (sighting.silent.value != 0) continue;
    if (sighting.witness.empty()) {
      seen[static_cast<size_t>(sighting.context)] = true;
    } else if (std::ranges::find(witnesses, sighting.witness) == witnesses.end()) {
      witnesses.push_back(sighting.witness);
    }
  }
  std::vector<std::string> contexts;
  for (const EmitContext context : {EmitContext::nmi, EmitContext::interrupt, EmitContext::task})
    if (seen[static_cast<size_t>(context)]) contexts.emplace_back(name_of(context));
  if (contexts.empty() && witnesses.empty()) return silence_in_words(capture, sightings);
  if (contexts.empty()) return fmt::format("{} came late, reason unknown", joined(witnesses));
  return fmt::format("emit in {} context took too long", joined(contexts));
}

/// Of two stacks the one to show. That of a silence is from after it.
bool is_better(const Sighting& one, const Sighting& other) {
  const bool one_is_silence = one.silent.value != 0;
  if (one_is_silence != (other.silent.value != 0)) return !one_is_silence;
  return one.length_ns > other.length_ns;
}

/// Its stack is that of the longest emit; without emits, of the longest of the rest.
Freeze unite(const Capture& capture, std::span<const Sighting> sightings) {
  Freeze freeze;
  freeze.start_ns = sightings.front().start_ns;
  const Sighting* longest = nullptr;
  for (const Sighting& sighting : sightings) {
    freeze.length_ns = std::max(freeze.length_ns, sighting.end_ns() - freeze.start_ns);
    freeze.cpus.push_back(sighting.cpu);
    freeze.parts.push_back({sighting.cpu, sighting.start_ns, sighting.end_ns()});
    if (!sighting.stack.empty() && (!longest || is_better(sighting, *longest))) longest = &sighting;
  }
  std::ranges::sort(freeze.cpus);
  freeze.cpus.erase(std::ranges::unique(freeze.cpus).begin(), freeze.cpus.end());
  freeze.cause = cause_of(capture, sightings);
  if (longest) freeze.stack = longest->stack;
  return freeze;
}

}  // namespace

std::vector<Freeze> find_freezes(const Capture& capture, int64_t least_ns) {
  return find_freezes(capture, find_silences(capture), least_ns);
}

std::vector<Freeze> find_freezes(const Capture& capture, std::span<const Silence> silences,
                                 int64_t least_ns) {
  const std::vector<Sighting> sightings = find_sightings(capture, silences);
  std::vector<Freeze> freezes;
  for (size_t first = 0; first < sightings.size();) {
    int64_t end_ns = sightings[first].end_ns();
    size_t next = first + 1;
    while (next < sightings.size() && sightings[next].start_ns < end_ns)
      end_ns = std::max(end_ns, sightings[next++].end_ns());
    Freeze freeze = unite(capture, std::span(sightings).subspan(first, next - first));
    if (freeze.length_ns >= least_ns) freezes.push_back(std::move(freeze));
    first = next;
  }
  return freezes;
}

}  // namespace thaw
