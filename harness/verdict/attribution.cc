// Attribution: each CPU's stack, cut into what ran in NMI, interrupt and task context, and for each
// such part the question whether it waits or holds.
//
//  - It waits when its leaf is in a function that returns only when somebody else has done
//    something (run/stacks/stack.cc has the list), or in what that function calls.
//  - It holds when it was interrupted inside a locked section by something on its own CPU that
//    waits: nobody else can let that go on. This is the freeze of 6.15 to 6.18: a program has taken
//    the ring's lock, the NMI on the same CPU waits for it until the lock's time is up.
//
// A lock's address comes from the kernel's own list of what each CPU holds or has asked for
// (rqspinlock_held_locks): the newest entry belongs to the leaf. A CPU enters a lock there a moment
// after it has taken it; one that was interrupted in that moment has one entry less, and what it
// holds is what the NMI on top of it waits for. The list names no map: a ring buffer is named when
// the guest has only one.
//
// A stall too short to be looked at has its long emits: the stack that the program found itself on
// when it was over. Of an NMI that is what it interrupted; the function that spun inside the
// emit is gone by then, so what it says is the program and whom it interrupted.

#include "harness/verdict/attribution.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "harness/verdict/host_time.h"

namespace lab {

namespace {

constexpr int64_t kMs = 1'000'000;
// As the freeze meter: below that an emit is ordinary delay.
constexpr int64_t kLongEmitNs = 8 * kMs;
constexpr size_t kMost = 400;
constexpr uint32_t kRingBufferMap = 27;  // BPF_MAP_TYPE_RINGBUF

bool is_resilient(const Episode& episode) {
  const bool waits = episode.waits_in && episode.waits_in->function.starts_with("resilient_");
  return waits || episode.may_hold;
}

bool is_in_ring(const Episode& episode) {
  return std::ranges::any_of(episode.frames, [](const StackFrame& frame) {
    return frame.function.find("bpf_ringbuf") != std::string::npos;
  });
}

class Attributor {
 public:
  Attributor(const Evidence& evidence, const Symbols& symbols)
      : evidence_(evidence), host_(evidence), symbols_(symbols) {
    load_start_ns_ = evidence.load_guest ? evidence.load_guest->start_ns : 0;
  }
  void add(const Look& look, bool all);
  void add(const thaw::LongEmit& emit);
  /// Whether somebody looked while it lasted.
  bool was_seen(Interval guest) const;
  /// Of it, what the host does not explain.
  int64_t own_ns(Interval guest) const {
    return guest.end_ns - guest.start_ns - host_.held_ns(guest);
  }
  std::vector<Attribution> take();

 private:
  Attribution entry(const Episode& episode) const;
  std::string name_lock(uint64_t lock, const Episode& episode) const;
  void add(const CpuStack& cpu, double at_ms, bool all);
  double at_ms(const Look& look) const;

  const Evidence& evidence_;
  HostTime host_;
  const Symbols& symbols_;
  int64_t load_start_ns_ = 0;
  std::vector<Attribution> all_;
};

double Attributor::at_ms(const Look& look) const {
  if (evidence_.clock && evidence_.load_guest)
    return static_cast<double>(host_.to_guest(look.stopped).start_ns - load_start_ns_) / kMs;
  // A guest that never told how its load ended: by the host's clock.
  const int64_t start_ns = evidence_.load_host ? evidence_.load_host->start_ns : 0;
  return static_cast<double>(look.stopped.start_ns - start_ns) / kMs;
}

std::string Attributor::name_lock(uint64_t lock, const Episode& episode) const {
  std::string name = fmt::format("rqspinlock {:#x}", lock);
  if (!is_in_ring(episode)) return name;
  const GuestMap* ring = nullptr;
  for (const GuestMap& map : symbols_.maps()) {
    if (map.type != kRingBufferMap) continue;
    if (ring) return name + " of a ring buffer";
    ring = &map;
  }
  return ring ? fmt::format("{} of ring buffer '{}' (map {})", name, ring->name, ring->id) : name;
}

Attribution Attributor::entry(const Episode& episode) const {
  Attribution entry{.context = episode.context};
  const StackFrame& named = episode.waits_in ? *episode.waits_in : episode.frames.front();
  entry.function = named.function.empty() ? to_text(named) : named.function;
  if (episode.program) entry.program = episode.program->function;
  for (const StackFrame& frame : episode.frames) entry.stack.push_back(to_text(frame));
  return entry;
}

void Attributor::add(const CpuStack& cpu, double at_ms, bool all) {
  size_t locks_left = cpu.locks.size();
  uint64_t waited_for = 0;  // by what runs on top of the next episode
  bool is_under_wait = false;
  for (const Episode& episode : episodes(cpu.frames)) {
    const bool holds = episode.may_hold && is_under_wait;
    uint64_t lock = 0;
    if (is_resilient(episode) && (episode.waits_in || holds))
      lock = locks_left > 0 ? cpu.locks[--locks_left] : holds ? waited_for : 0;
    if (episode.waits_in || holds || (all && !cpu.interrupts_on)) {
      Attribution one = entry(episode);
      one.cpu = cpu.cpu;
      one.role = episode.waits_in ? "waits" : holds ? "holds" : "runs";
      if (lock != 0) one.lock = name_lock(lock, episode);
      one.at_ms = at_ms;
      one.source = "live";
      all_.push_back(std::move(one));
    }
    is_under_wait |= episode.waits_in != nullptr;
    if (lock != 0) waited_for = lock;
  }
}

void Attributor::add(const Look& look, bool all) {
  for (const CpuStack& cpu : look.cpus) add(cpu, at_ms(look), all);
}

void Attributor::add(const thaw::LongEmit& emit) {
  const auto frames = name_addresses(emit.stack, symbols_, thaw::name_of(emit.context));
  const auto parts = episodes(frames);
  for (size_t i = 0; i < parts.size(); i++) {
    // Below the emit only what it interrupted counts.
    if (i > 0 && !parts[i].program && !parts[i].waits_in) continue;
    Attribution one = entry(parts[i]);
    if (i == 0 && parts[i].program) one.function = parts[i].program->function;
    one.cpu = emit.cpu.value;
    one.role = i == 0 || parts[i].waits_in ? "waits" : "holds";
    one.at_ms = static_cast<double>(emit.start_ns - load_start_ns_) / kMs;
    one.source = "slow_emit";
    all_.push_back(std::move(one));
  }
}

bool Attributor::was_seen(Interval guest) const {
  if (!evidence_.clock) return false;
  return std::ranges::any_of(evidence_.looks, [&](const Look& look) {
    const Interval at = host_.to_guest(look.stopped);
    return at.start_ns < guest.end_ns && guest.start_ns < at.end_ns;
  });
}

std::vector<Attribution> Attributor::take() {
  std::ranges::stable_sort(all_, {}, &Attribution::at_ms);
  if (all_.size() > kMost) all_.resize(kMost);
  return std::move(all_);
}

}  // namespace

std::vector<Attribution> attribute(const Evidence& evidence, const thaw::EmitSummary* emits,
                                   const Symbols& symbols) {
  Attributor attributor(evidence, symbols);
  // Of a guest that hangs the last look says it all.
  if (evidence.gave_up_waiting && !evidence.looks.empty()) {
    attributor.add(evidence.looks.back(), true);
    return attributor.take();
  }
  for (const Look& look : evidence.looks) attributor.add(look, false);
  if (!emits || !evidence.load_guest) return attributor.take();
  for (const thaw::LongEmit& emit : emits->longs) {
    const Interval guest{emit.start_ns, emit.start_ns + emit.length_ns};
    const bool in_load = guest.start_ns < evidence.load_guest->end_ns &&
                         guest.end_ns > evidence.load_guest->start_ns;
    if (in_load && attributor.own_ns(guest) >= kLongEmitNs && !attributor.was_seen(guest))
      attributor.add(emit);
  }
  return attributor.take();
}

}  // namespace lab
