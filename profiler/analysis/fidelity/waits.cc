// Waits: what threads waited for, and who ended it.
//
// The kernel's own count of the voluntary switches in a workload's waits, against the waits that
// the capture shows for the same reason, and against those that the right thread ended, whatever
// their reason. A thread waits for other things at its start and end, which is a handful:
// kSpareWaits. Beyond them the interval is the tolerance.
//
// Stacks that the brake left out. Such a wait has no reason, and its event says why. It is taken
// from both sides: what is left must be right, and a note says how much was left out. Everything
// else without a reason is wrong. That an event says so is not enough: the recorder must have
// counted as many by name, or none of them is believed.

#include <algorithm>

#include "profiler/analysis/fidelity/measures.h"
#include "profiler/analysis/wait_reason.h"

namespace thaw {

namespace {

/// Waits at the start and the end of a turn's loop that are of the same kind by chance.
constexpr double kSpareWaits = 2;

bool has_stacks_of_switches(const Capture& capture) {
  return std::ranges::any_of(capture.events(), [](const Event& event) {
    return event.kind == EventKind::sched_switch &&
           (event.kernel_stack.value != 0 ||
            is_left_out_by_brake(event.kernel_stack, event.user_end));
  });
}

/// Whether the recorder counted every stack that its events say was left out.
bool is_shedding_named(const Capture& capture) {
  if (!capture.tally()) return false;
  const auto counted = [&](const char* name) {
    const auto found = capture.tally()->losses.find(name);
    return found == capture.tally()->losses.end() ? 0 : found->second;
  };
  const auto told = std::ranges::count(capture.events(), StackEnd::shed, &Event::user_end);
  return static_cast<uint64_t>(told) <= counted("stack_shed") + counted("copy_shed");
}

class Waits {
 public:
  Waits(const Held& held, Fidelity& fidelity)
      : held_(held),
        fidelity_(fidelity),
        reasons_(held.capture),
        is_shedding_named_(is_shedding_named(held.capture)) {}

  void measure(const ThreadTruth& thread) {
    const WaitTruth& truth = *thread.waits;
    const std::vector<Slice> waits = waits_of(thread.tid);
    const auto is_left_out = [](const Slice& slice) {
      return is_left_out_by_brake(slice.kernel_stack, slice.user_end);
    };
    const int64_t shed = is_shedding_named_ ? std::ranges::count_if(waits, is_left_out) : 0;
    const int64_t right = std::ranges::count_if(waits, [&](const Slice& slice) {
      return name_of(reasons_.of(slice.kernel_stack)) == truth.reason;
    });
    const auto all = static_cast<double>(truth.waits);
    shed_ += shed;
    true_waits_ += truth.waits;
    // Of a thread whose stacks were all left out nothing is known, be it right or wrong.
    if (const double known = all - static_cast<double>(shed); shed == 0 || known > kSpareWaits)
      add(MeasureKind::waits, thread, fmt::format("waits for {}", truth.reason), right, known);
    if (truth.woken_by.value != 0)
      add(MeasureKind::wakers, thread, fmt::format("waits ended by {}", truth.woken_by),
          std::ranges::count(waits, truth.woken_by, &Slice::waker), all);
  }

  void note_what_was_shed() {
    if (shed_ == 0) return;
    fidelity_.notes.push_back(
        fmt::format("{} of {} waits have no stack: left out by the brake (see --max-overhead)",
                    shed_, true_waits_));
  }

 private:
  /// Those that began while the load ran.
  std::vector<Slice> waits_of(Tid tid) const {
    std::vector<Slice> waits;
    for (const Slice& slice : held_.timeline_of(tid).slices)
      if (slice.state == ThreadState::waiting && slice.start_ns >= held_.truth.start_ns &&
          slice.start_ns < held_.truth.end_ns)
        waits.push_back(slice);
    return waits;
  }

  /// `count` of `all`, which should be all of them.
  void add(MeasureKind kind, const ThreadTruth& thread, const std::string& what, int64_t count,
           double all) {
    Measure& measure = fidelity_.measures.emplace_back(
        measure_of(kind, fmt::format("{} of {} ({})", what, thread.name, thread.tid)));
    const double spare = 100 * held_.tolerance + percent(kSpareWaits, all);
    measure.value = percent(static_cast<double>(count), all);
    measure.unit = "%";
    measure.low = 100 - spare;
    measure.high = 100 + spare;
    measure.is_of_truth = true;
  }

  const Held& held_;
  Fidelity& fidelity_;
  WaitReasons reasons_;
  const bool is_shedding_named_;
  int64_t shed_ = 0;         ///< waits whose stack the brake left out
  uint64_t true_waits_ = 0;  ///< of all threads whose waits were measured
};

}  // namespace

void measure_waits(const Held& held, Fidelity& fidelity) {
  const auto has_waits = [](const ThreadTruth& thread) { return thread.waits.has_value(); };
  std::string why = held.why_not_covered(held.truth.start_ns, held.truth.end_ns);
  if (std::ranges::none_of(held.truth.threads, has_waits)) {
    why = "the truth says of no thread what it waited for";
  } else if (why.empty() && !has_stacks_of_switches(held.capture)) {
    why =
        "the capture has no stacks of switches and so no reasons; record without "
        "--no-switch-stacks";
  }
  if (!why.empty()) {
    fidelity.measures.push_back(unavailable(MeasureKind::waits, "what threads waited for", why));
    fidelity.measures.push_back(
        unavailable(MeasureKind::wakers, "who ended the waits", std::move(why)));
    return;
  }
  Waits waits(held, fidelity);
  for (const ThreadTruth& thread : held.truth.threads)
    if (thread.waits) waits.measure(thread);
  waits.note_what_was_shed();
}

}  // namespace thaw
