// Wakers, without a truth: what a wake-up says must agree with who ran, and with who waited.
//
// The waker is whoever has the CPU on which sched_waking is traced, or nobody (0) when that CPU is
// idle; an interrupt wakes in the name of the thread that it interrupted. So the two switches
// around a wake-up say who it must name. Waker and wakee exchanged name the one that waits: wrong
// in nearly every event, whatever the load. That a thread wakes itself is no fault: a timer of its
// own may interrupt it on its way to sleep.
//
// And a thread that blocked runs again only after a wake-up of it. A waking may be stamped before
// the switch that it answers (timeline.cc, case 2), so any wake-up since the thread last came in
// counts.
//
// Exact but for what is lost by name, and for switches that the kernel did not tell of, each of
// which can hide one: so many may be wrong.

#include <unordered_map>

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

constexpr int64_t kDeadStates = 0x80 | 0x10 | 0x20;  // as in timeline.cc

void add(const Held& held, Fidelity& fidelity, const char* name, const char* means, uint64_t wrong,
         uint64_t known) {
  if (known == 0) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::wakers, name, "the capture has no wake-ups between two switches"));
    return;
  }
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::wakers, name));
  measure.value = static_cast<double>(wrong);
  measure.high = static_cast<double>(held.unseen_at_most());
  measure.effect = Effect{percent(static_cast<double>(wrong), static_cast<double>(known)), "%"};
  measure.means = means;
}

void measure_who(const Held& held, Fidelity& fidelity) {
  uint64_t known = 0;
  uint64_t wrong = 0;
  for (const CpuHistory& history : held.cpus) {
    for (const Event* waking : history.wakings) {
      const Run* run = history.run_at(waking->time_ns);
      if (run == nullptr || !run->is_sure) continue;
      known++;
      if (run->tid != waking->other_tid) wrong++;
    }
  }
  add(held, fidelity, "wake-ups by a thread that did not run there",
      "wake-ups name a waker that the switches say did not have that CPU", wrong, known);
}

void measure_answers(const Held& held, Fidelity& fidelity) {
  struct Waiting {
    bool is_blocked = false;
    bool is_woken = false;
  };
  std::unordered_map<Tid, Waiting> threads;
  uint64_t known = 0;
  uint64_t wrong = 0;
  for (const Event* event : held.events) {
    if (event->kind == EventKind::sched_waking || event->kind == EventKind::sched_wakeup) {
      threads[event->tid].is_woken = true;
    } else if (event->kind == EventKind::task_new) {
      threads[event->tid] = {};
    } else if (event->kind == EventKind::sched_switch) {
      if (event->tid.value != 0)
        threads[event->tid].is_blocked = event->detail != 0 && (event->detail & kDeadStates) == 0;
      if (event->other_tid.value == 0) continue;
      Waiting& next = threads[event->other_tid];
      if (next.is_blocked) {
        known++;
        if (!next.is_woken) wrong++;
      }
      next = {};
    }
  }
  add(held, fidelity, "waits that ended without a wake-up",
      "threads that had blocked ran again although nobody woke them", wrong, known);
}

}  // namespace

void measure_wakers(const Held& held, Fidelity& fidelity) {
  if (!held.knows_both_sides()) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::wakers, "wake-ups against switches", kOneSided));
    return;
  }
  measure_who(held, fidelity);
  measure_answers(held, fidelity);
}

}  // namespace thaw
