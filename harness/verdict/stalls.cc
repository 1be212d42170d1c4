// Gathers what each witness saw (long emits from the capture, long runs of BPF programs in NMI from
// the agent's meter, its late heartbeats, the silence between heartbeat frames) into one list in
// guest time, and merges what overlaps into stalls. No thresholds of the verdict here: those are
// judge.cc's.

#include "harness/verdict/stalls.h"

#include <algorithm>

namespace lab {

namespace {

// A heartbeat late by less than one tick of HZ=250 (what Debian's cloud kernels use) waited for the
// scheduler, not for a stall.
constexpr int64_t kLateBeatNs = 4'000'000;
// Heartbeat frames pass through an ordinary thread of the agent, which the load pushes aside;
// silence below this is its wait for a CPU.
constexpr int64_t kSilenceNs = 1'000'000'000;

bool overlap(Interval a, Interval b) {
  return a.start_ns < b.end_ns && b.start_ns < a.end_ns;
}

/// The more an interrupt-like context, the more it names the stall: an NMI stall also shows in the
/// task it interrupted and as a late heartbeat.
int rank(const std::string& context) {
  if (context == "nmi") return 3;
  if (context == "interrupt") return 2;
  return context == "task" ? 1 : 0;
}

/// A program that ran too long was not waiting for a timer; a heartbeat was.
int64_t held_ns(const HostTime& host, Interval guest, const std::string& context) {
  return context == "cpu" ? host.held_late_ns(guest) : host.held_ns(guest);
}

template <class T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

double ms(int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

}  // namespace

std::vector<Sighting> find_sightings(const Evidence& evidence, const thaw::EmitSummary* emits,
                                     const HostTime& host) {
  std::vector<Sighting> sightings;
  if (emits) {
    for (const thaw::LongEmit& emit : emits->longs)
      sightings.push_back({.guest = {emit.start_ns, emit.start_ns + emit.length_ns},
                           .cpus = {emit.cpu.value},
                           .context = thaw::name_of(emit.context),
                           .witness = "emit",
                           .stack = emit.stack});
  }
  if (evidence.meter) {
    for (const LongNmi& run : evidence.meter->longs)
      sightings.push_back({.guest = {run.start_ns, run.start_ns + run.length_ns},
                           .cpus = {run.cpu},
                           .context = "nmi",
                           .witness = "meter",
                           .stack = {}});
  }
  for (const LateBeat& beat : evidence.late_beats)
    if (beat.late_ns >= kLateBeatNs)
      sightings.push_back({.guest = {beat.due_ns, beat.due_ns + beat.late_ns},
                           .cpus = {beat.cpu},
                           .context = "cpu",
                           .witness = "heartbeat"});
  if (evidence.longest_silence_ns >= kSilenceNs && host.is_known())
    sightings.push_back({.guest = host.to_guest(evidence.longest_silence_host),
                         .context = "cpu",
                         .witness = "silence"});
  std::erase_if(sightings, [](const Sighting& s) { return s.length_ns() <= 0; });
  // Before and after the load programs are attached, files flushed: not what the case is about.
  if (evidence.load_guest)
    std::erase_if(sightings,
                  [&](const Sighting& s) { return !overlap(s.guest, *evidence.load_guest); });
  for (Sighting& sighting : sightings)
    sighting.held_ns = held_ns(host, sighting.guest, sighting.context);
  std::ranges::stable_sort(sightings, {}, [](const Sighting& s) { return s.guest.start_ns; });
  return sightings;
}

std::vector<Stall> to_stalls(const std::vector<Sighting>& sightings, const HostTime& host,
                             int64_t load_start_ns) {
  std::vector<Stall> stalls;
  for (size_t i = 0; i < sightings.size();) {
    Interval all = sightings[i].guest;
    Stall stall;
    int64_t longest_stack_ns = 0;
    for (; i < sightings.size() && sightings[i].guest.start_ns < all.end_ns; ++i) {
      const Sighting& sighting = sightings[i];
      all.end_ns = std::max(all.end_ns, sighting.guest.end_ns);
      for (uint32_t cpu : sighting.cpus) add_once(stall.cpus, cpu);
      add_once(stall.witnesses, sighting.witness);
      if (stall.context.empty() || rank(sighting.context) > rank(stall.context))
        stall.context = sighting.context;
      if (!sighting.stack.empty() && sighting.length_ns() > longest_stack_ns) {
        longest_stack_ns = sighting.length_ns();
        stall.stack = sighting.stack;
      }
    }
    std::ranges::sort(stall.cpus);
    stall.start_ms = ms(all.start_ns - load_start_ns);
    stall.length_ms = ms(all.end_ns - all.start_ns);
    stall.host_ms = ms(held_ns(host, all, stall.context));
    stalls.push_back(std::move(stall));
  }
  std::ranges::stable_sort(stalls, std::greater{}, &Stall::own_ms);
  return stalls;
}

}  // namespace lab
