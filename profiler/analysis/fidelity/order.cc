// Order: no event before its cause, and nobody where somebody else ran.
//
// A sample is taken in an interrupt: the thread that it names is the one that the last switch on
// its CPU brought in, and that the next one takes out. Where these two agree (Run::is_sure), a
// sample between them that names another thread is wrong; where they do not, a switch was lost, and
// nothing is said. So a profiler that goes on charging the thread before, after a switch, is caught
// by every sample that it charges so. An NMI can come after the switch was traced and before it is
// done: such a sample names the thread before and has the kernel's __schedule in its stack, which
// no sample of a thread that runs has.
//
// A thread acts after it was made and before it is dead. Both are events of the kernel's, so that
// the order of these with a thread's own switches, samples and wake-ups is exact: a fork is traced
// before the first wake-up, and a dead thread's last switch says so.
//
// Both are exact but for events that were lost by name and switches that the kernel did not tell
// of: each can hide a birth, a death, or a pair of switches around a sample. So many may be wrong.

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>

#include "profiler/analysis/fidelity/measures.h"
#include "profiler/analysis/frame_names.h"

namespace thaw {

namespace {

constexpr int64_t kDeadStates = 0x80 | 0x10 | 0x20;  // as in timeline.cc

bool is_by_nmi(const Capture& capture) {
  return capture.header().clock == "nmi" || capture.header().clock == "cycles";
}

/// Before the stacks are exchanged __schedule is there; after it the stack is the new thread's and
/// cannot be walked yet, so that it ends short of the kernel's entry.
bool is_inside_switch(const Capture& capture, StackId kernel_stack) {
  const auto name_at = [&](uint64_t address) -> std::string_view {
    const KernelFunction* function = kernel_function(capture, address, false);
    return function == nullptr ? "" : std::string_view(function->name);
  };
  const auto frames = capture.stack(kernel_stack);
  if (frames.empty()) return false;
  const std::string_view outermost = name_at(frames.back());
  // asm_load_gs_index is where __switch_to() loads a segment, and no entry for all its name.
  const bool is_entry = outermost.starts_with("entry_") ||
                        (outermost.starts_with("asm_") && outermost != "asm_load_gs_index") ||
                        outermost.starts_with("ret_from_fork");
  return !is_entry || std::ranges::any_of(frames, [&](uint64_t address) {
    return name_at(address).starts_with("__schedule");
  });
}

void measure_samples(const Held& held, Fidelity& fidelity) {
  uint64_t known = 0;
  uint64_t wrong = 0;
  const bool by_nmi = is_by_nmi(held.capture);
  for (const CpuHistory& history : held.cpus) {
    for (const Event* sample : history.samples) {
      const Run* run = history.run_at(sample->time_ns);
      if (run == nullptr || !run->is_sure) continue;
      known++;
      if (run->tid == sample->tid) continue;
      const bool is_before = run != history.runs.data() && std::prev(run)->tid == sample->tid;
      if (by_nmi && is_before && is_inside_switch(held.capture, sample->kernel_stack)) continue;
      wrong++;
    }
  }
  constexpr char kName[] = "samples of a thread that did not run there";
  if (known == 0) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::order, kName, "the capture has no samples between two switches"));
    return;
  }
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::order, kName));
  measure.value = static_cast<double>(wrong);
  measure.high = static_cast<double>(held.unseen_at_most());
  measure.effect =
      Effect{percent(static_cast<double>(wrong), static_cast<double>(known)), "% of samples"};
  measure.means = "samples are charged to a thread that the switches say did not have that CPU";
}

/// Whether each thread lives, as far as events say.
class Lives {
 public:
  void take(const Event& event) {
    switch (event.kind) {
      case EventKind::task_new:
        // Alive and never told to be dead: two births. Of who was only seen it is the one: the
        // recorder looks at who is there after it began, and gives all of them that time.
        if (life_of(event.tid) == Life::acts) count(event, event.tid);
        lives_[event.tid] = Life::acts;
        break;
      case EventKind::task_seen:
        lives_[event.tid] = Life::seen;
        break;
      case EventKind::sched_switch:
        act(event, event.other_tid);
        act(event, event.tid);
        if (event.tid.value != 0 && (event.detail & kDeadStates) != 0)
          lives_[event.tid] = Life::dead;
        break;
      case EventKind::sample:
      case EventKind::sched_waking:
      case EventKind::sched_wakeup:
        act(event, event.tid);
        break;
      default:
        break;
    }
  }
  uint64_t wrong = 0;
  const Event* first = nullptr;  ///< of the wrong ones
  Tid first_tid;

 private:
  enum class Life : uint8_t { unknown, seen, acts, dead };

  Life life_of(Tid tid) const {
    const auto found = lives_.find(tid);
    return found == lives_.end() ? Life::unknown : found->second;
  }
  void count(const Event& event, Tid tid) {
    if (wrong++ != 0) return;
    first = &event;
    first_tid = tid;
  }
  void act(const Event& event, Tid tid) {
    if (tid.value == 0) return;
    Life& life = lives_[tid];
    if (life == Life::dead) count(event, tid);  // who goes on is counted once
    life = Life::acts;
  }
  std::unordered_map<Tid, Life> lives_;
};

void measure_lives(const Held& held, Fidelity& fidelity) {
  Lives lives;
  for (const Event* event : held.events) lives.take(*event);
  Measure& measure = fidelity.measures.emplace_back(
      measure_of(MeasureKind::order, "threads that act before they are made or after their death"));
  measure.value = static_cast<double>(lives.wrong);
  measure.high = static_cast<double>(held.unseen_at_most());
  measure.means = "events of a thread come before its birth or after its death";
  if (lives.first != nullptr)
    measure.means += fmt::format("; first a {} of thread {}, {:.6f} s after the start",
                                 name_of(lives.first->kind), lives.first_tid.value,
                                 static_cast<double>(lives.first->time_ns - held.start_ns) / 1e9);
}

}  // namespace

void measure_order(const Held& held, Fidelity& fidelity) {
  if (!held.knows_both_sides()) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::order, "order of switches, samples and lives", kOneSided));
    return;
  }
  measure_samples(held, fidelity);
  measure_lives(held, fidelity);
}

}  // namespace thaw
