// Threads: none that lived is missing.
//
// A truth says which threads there were, by number. One that was born while everything was recorded
// has a birth and, if it ended, a death in the capture; one that was there before was seen. Exact:
// births and deaths are events of their own, which are there or lost by name.
//
// Of many short lives a truth says how many had one name. Each is a birth by a thread of the load's
// and a name, and their number is exact but for events that are lost by name.
//
// Without a truth too: nobody acts who was never born nor seen, and whoever is born runs, if only
// to die. A recorder that passes over threads that live shortly leaves switches to and from nobody.

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

struct Life {
  bool is_seen = false;  ///< when the recording began, or later by exec
  bool is_born = false;
  bool is_ended = false;
  bool acts = false;
};
struct Lives {
  std::unordered_map<Tid, Life> threads;
  bool are_complete = false;  ///< the recorder looked at who was there when it began
};

Lives lives_of(const Held& held) {
  Lives lives;
  for (const Event* event : held.events) {
    switch (event->kind) {
      case EventKind::task_seen:
        lives.are_complete = true;
        [[fallthrough]];
      case EventKind::task_exec:
        lives.threads[event->tid].is_seen = true;
        break;
      case EventKind::task_new:
        lives.threads[event->tid].is_born = true;
        break;
      case EventKind::task_exit:
        lives.threads[event->tid].is_ended = true;
        break;
      case EventKind::sched_switch:
        lives.threads[event->tid].acts = true;
        lives.threads[event->other_tid].acts = true;
        break;
      case EventKind::sample:
        lives.threads[event->tid].acts = true;
        break;
      default:
        break;
    }
  }
  lives.threads.erase(Tid(0));
  return lives;
}

void measure_named(const Held& held, const Lives& lives, Fidelity& fidelity) {
  constexpr char kName[] = "threads of the load that are in the capture";
  const auto& threads = held.truth.threads;
  std::string why = held.why_not_covered(held.truth.start_ns, held.truth.end_ns);
  // One that replaced its program is there twice; the idle loops are no thread. (A workload may
  // name its threads and not say whose they are: those are not its own.)
  std::unordered_set<Tid> named;
  for (const ThreadTruth& thread : threads)
    if (thread.pid.value != 0) named.insert(thread.tid);
  named.erase(Tid(0));
  if (named.empty()) why = "the truth names no threads with their processes";
  if (!why.empty()) {
    fidelity.measures.push_back(unavailable(MeasureKind::threads, kName, std::move(why)));
    return;
  }
  uint64_t whole = 0;
  for (const Tid tid : named) {
    const auto found = lives.threads.find(tid);
    if (found == lives.threads.end()) continue;
    const Life& life = found->second;
    // Before an oracle's window, and after it, threads go on.
    if (life.acts && (life.is_seen || life.is_born || !lives.are_complete)) whole++;
  }
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::threads, kName));
  measure.value = static_cast<double>(whole);
  measure.high = static_cast<double>(named.size());
  // A birth can be among the events that were lost by name.
  measure.low = std::max(0.0, measure.high - static_cast<double>(held.books.lost()));
  measure.is_of_truth = true;
}

void measure_strangers(const Held& held, const Lives& lives, Fidelity& fidelity) {
  constexpr char kName[] = "threads that act and were never born nor seen";
  if (held.capture.header().scope != "all") {
    fidelity.measures.push_back(unavailable(
        MeasureKind::threads, kName, "only some processes were recorded, and others meet them"));
    return;
  }
  if (!lives.are_complete) {
    fidelity.measures.push_back(unavailable(MeasureKind::threads, kName,
                                            "the capture does not say who was there at its start"));
    return;
  }
  uint64_t strangers = 0;
  uint64_t unheard = 0;
  for (const auto& [tid, life] : lives.threads) {
    if (life.acts && !life.is_seen && !life.is_born) strangers++;
    if (life.is_born && !life.acts) unheard++;
  }
  const auto unseen = static_cast<double>(held.unseen_at_most());
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::threads, kName));
  measure.value = static_cast<double>(strangers);
  measure.high = unseen;
  Measure& born = fidelity.measures.emplace_back(
      measure_of(MeasureKind::threads, "threads that were born and never ran"));
  born.value = static_cast<double>(unheard);
  // Each CPU may have one that is born at the very end.
  born.high = unseen + held.capture.header().cpus;
}

/// The threads that a truth names, and their processes.
std::unordered_set<Tid> family_of(const Truth& truth) {
  std::unordered_set<Tid> family;
  for (const ThreadTruth& thread : truth.threads) {
    family.insert(thread.tid);
    if (thread.pid.value != 0) family.insert(Tid(thread.pid.value));
  }
  return family;
}

/// Threads whose numbers nobody kept: by name, those that the load's threads started while it ran,
/// or that these started. Another such load may run at the same time.
void measure_crowds(const Held& held, Fidelity& fidelity) {
  std::unordered_set<Tid> family = family_of(held.truth);
  std::unordered_map<Tid, bool> alive;  // born since the load began; whether it was counted
  std::unordered_map<std::string_view, uint64_t> counts;
  const auto count = [&](const Event& event) {
    const auto found = alive.find(event.tid);
    const std::string_view name = held.capture.text(event.name);
    const bool is_wanted =
        std::ranges::find(held.truth.crowds, name, &CrowdTruth::name) != held.truth.crowds.end();
    if (found == alive.end() || found->second || !is_wanted) return;
    found->second = true;
    counts[name]++;
  };
  for (const Event* event : held.events) {
    if (event->time_ns < held.truth.start_ns || event->time_ns > held.truth.end_ns) continue;
    if (event->kind == EventKind::task_new && family.contains(event->other_tid)) {
      alive[event->tid] = false;
      family.insert(event->tid);
    }
    if (event->kind == EventKind::task_exit && alive.erase(event->tid) != 0)
      family.erase(event->tid);
    if (event->kind == EventKind::task_new || event->kind == EventKind::task_rename) count(*event);
  }
  const std::string why = held.why_not_covered(held.truth.start_ns, held.truth.end_ns);
  for (const CrowdTruth& crowd : held.truth.crowds) {
    const std::string name = fmt::format("threads of the load with the name {}", crowd.name);
    if (!why.empty()) {
      fidelity.measures.push_back(unavailable(MeasureKind::threads, name, why));
      continue;
    }
    Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::threads, name));
    measure.value = static_cast<double>(counts[crowd.name]);
    measure.high = static_cast<double>(crowd.count);
    measure.low = std::max(0.0, measure.high - static_cast<double>(held.books.lost()));
    measure.is_of_truth = true;
  }
}

}  // namespace

void measure_threads(const Held& held, Fidelity& fidelity) {
  const Lives lives = lives_of(held);
  measure_crowds(held, fidelity);
  measure_named(held, lives, fidelity);
  if (held.knows_both_sides()) measure_strangers(held, lives, fidelity);
}

}  // namespace thaw
