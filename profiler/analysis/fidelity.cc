// Holds a capture against what a workload says of itself.
//
// On a CPU. The kernel's count of a thread's time (schedstat) and ours mean different things: ours
// runs from switch to switch and has the interrupts that came in between, and in a guest the time
// that the host gave to others; the kernel leaves out both where it accounts them. The workload
// says how much that was. What is compared is the time between switches: ours, in exactly the
// workload's window, against the kernel's count and what it left out. Time that a thread was ready
// is held against run_delay in the same way, as a part of the window and not of itself: it may be
// nothing.
//
// Waits. The kernel's own count of the voluntary switches in a workload's waits, against the waits
// that the capture shows for the same reason, and against those that the right thread ended,
// whatever their reason. A thread waits for other things at its start and end, which is a handful.
//
// Stacks that the brake left out. Such a wait has no reason, and its event says why. It is taken
// from both sides: what is left must be right, and a note says how much was left out. Everything
// else without a reason is wrong. That an event says so is not enough: the recorder must have
// counted as many by name, or none of them is believed.
//
// Time that the capture itself calls unknown does not count against it, as far as it goes: some
// kernels that run as guests switch now and then without calling the tracepoint, and it says so.
//
// A thread that the capture does not know has waited and run for nothing, which is as wrong as it
// can be.

#include "profiler/analysis/fidelity.h"

#include <algorithm>

#include "profiler/analysis/timeline.h"
#include "profiler/analysis/wait_reason.h"

namespace thaw {

namespace {

/// Waits at the start and the end of a turn's loop that are of the same kind by chance.
constexpr double kSpareWaits = 2;

/// Time in one state within [start_ns, end_ns).
int64_t time_in(const ThreadTimeline& thread, ThreadState state, int64_t start_ns, int64_t end_ns) {
  int64_t sum_ns = 0;
  for (const Slice& slice : thread.slices)
    if (slice.state == state)
      sum_ns +=
          std::max<int64_t>(0, std::min(slice.end_ns, end_ns) - std::max(slice.start_ns, start_ns));
  return sum_ns;
}

double percent(double part, double whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

class Measuring {
 public:
  Measuring(const Capture& capture, double tolerance)
      : capture_(capture),
        percent_(100 * tolerance),
        threads_(build_timeline(capture)),
        reasons_(capture) {}

  Fidelity all(const Truth& truth) {
    note_what_is_missing(truth);
    const bool has_waits = covers(truth.start_ns, truth.end_ns) && has_stacks();
    for (const ThreadTruth& thread : truth.threads) {
      const ThreadTimeline& seen = timeline_of(thread.tid);
      if (thread.on_cpu && covers(thread.on_cpu->start_ns, thread.on_cpu->end_ns))
        on_cpu(thread, *thread.on_cpu, seen);
      if (thread.waits && has_waits) waits(thread, *thread.waits, waits_in(seen, truth));
    }
    note_what_was_shed();
    return std::move(fidelity_);
  }

 private:
  bool covers(int64_t start_ns, int64_t end_ns) const {
    return capture_.ending() && recording_start_ns(capture_) <= start_ns &&
           end_ns <= capture_.ending()->end_ns;
  }
  void note_what_is_missing(const Truth& truth) {
    const auto ms = [](int64_t ns) { return static_cast<double>(ns) / 1e6; };
    const int64_t start_ns = recording_start_ns(capture_);
    if (start_ns > truth.start_ns)
      fidelity_.notes.push_back(
          fmt::format("the capture began {:.3f} ms after the load", ms(start_ns - truth.start_ns)));
    if (!capture_.ending()) {
      fidelity_.notes.emplace_back("the capture has no end");
    } else if (const int64_t end_ns = capture_.ending()->end_ns; end_ns < truth.end_ns) {
      fidelity_.notes.push_back(
          fmt::format("the capture ended {:.3f} ms before the load", ms(truth.end_ns - end_ns)));
    }
    const auto waits = [](const ThreadTruth& thread) { return thread.waits.has_value(); };
    if (std::ranges::any_of(truth.threads, waits) && !has_stacks())
      fidelity_.notes.emplace_back(
          "the capture has no stacks of switches and so no reasons; record without "
          "--no-switch-stacks");
  }

  /// Were asked for.
  bool has_stacks() const {
    return std::ranges::any_of(capture_.events(), [](const Event& event) {
      return event.kind == EventKind::sched_switch &&
             (event.kernel_stack.value != 0 ||
              is_left_out_by_brake(event.kernel_stack, event.user_end));
    });
  }

  /// Whether the recorder counted every stack that its events say was left out.
  bool is_shedding_named() const {
    if (!capture_.tally()) return false;
    const auto counted = [&](const char* name) {
      const auto found = capture_.tally()->losses.find(name);
      return found == capture_.tally()->losses.end() ? 0 : found->second;
    };
    const auto told = std::ranges::count(capture_.events(), StackEnd::shed, &Event::user_end);
    return static_cast<uint64_t>(told) <= counted("stack_shed") + counted("copy_shed");
  }

  void note_what_was_shed() {
    if (shed_ == 0) return;
    fidelity_.notes.push_back(
        fmt::format("{} of {} waits have no stack: left out by the brake (see --max-overhead)",
                    shed_, true_waits_));
  }

  const ThreadTimeline& timeline_of(Tid tid) const {
    static const ThreadTimeline kNobody;
    const auto found = std::ranges::lower_bound(threads_, tid, {}, &ThreadTimeline::tid);
    return found != threads_.end() && found->tid == tid ? *found : kNobody;
  }

  Measure& add(const ThreadTruth& thread, const char* what, double value, double low, double high) {
    return fidelity_.measures.emplace_back(Measure{
        fmt::format("{} of {} ({})", what, thread.name, thread.tid), value, "%", low, high});
  }

  void on_cpu(const ThreadTruth& thread, const OnCpuTruth& truth, const ThreadTimeline& seen) {
    const auto running_ns =
        static_cast<double>(time_in(seen, ThreadState::running, truth.start_ns, truth.end_ns));
    const auto true_ns = static_cast<double>(truth.cpu_ns + truth.excluded_ns);
    const auto unknown_ns =
        static_cast<double>(time_in(seen, ThreadState::unknown, truth.start_ns, truth.end_ns));
    const double cpu_spare = percent_ + percent(unknown_ns, true_ns);
    add(thread, "time on a CPU", percent(running_ns - true_ns, true_ns), -cpu_spare, cpu_spare)
        .is_time = true;
    const auto ready_ns =
        static_cast<double>(time_in(seen, ThreadState::ready, truth.start_ns, truth.end_ns));
    const auto window_ns = static_cast<double>(truth.end_ns - truth.start_ns);
    const double ready_spare = percent_ + percent(unknown_ns, window_ns);
    add(thread, "time ready",
        percent(ready_ns - static_cast<double>(truth.run_delay_ns), window_ns), -ready_spare,
        ready_spare)
        .is_time = true;
  }

  /// Those that began while the load ran.
  static std::vector<Slice> waits_in(const ThreadTimeline& thread, const Truth& truth) {
    std::vector<Slice> waits;
    for (const Slice& slice : thread.slices)
      if (slice.state == ThreadState::waiting && slice.start_ns >= truth.start_ns &&
          slice.start_ns < truth.end_ns)
        waits.push_back(slice);
    return waits;
  }

  /// `count` of `all`, which should be all of them.
  void add_share(const ThreadTruth& thread, const std::string& what, int64_t count, double all) {
    const double spare = percent_ + percent(kSpareWaits, all);
    add(thread, what.c_str(), percent(static_cast<double>(count), all), 100 - spare, 100 + spare);
  }

  void waits(const ThreadTruth& thread, const WaitTruth& truth, const std::vector<Slice>& waits) {
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
      add_share(thread, fmt::format("waits for {}", truth.reason), right, known);
    if (truth.woken_by.value != 0)
      add_share(thread, fmt::format("waits ended by {}", truth.woken_by),
                std::ranges::count(waits, truth.woken_by, &Slice::waker), all);
  }

  const Capture& capture_;
  const double percent_;
  const std::vector<ThreadTimeline> threads_;  ///< by tid
  WaitReasons reasons_;
  const bool is_shedding_named_ = is_shedding_named();
  int64_t shed_ = 0;         ///< waits whose stack the brake left out
  uint64_t true_waits_ = 0;  ///< of all threads whose waits were measured
  Fidelity fidelity_;
};

}  // namespace

bool Fidelity::is_good() const {
  return !measures.empty() && std::ranges::all_of(measures, &Measure::is_good);
}

Fidelity measure_fidelity(const Capture& capture, const Truth& truth, double tolerance) {
  return Measuring(capture, tolerance).all(truth);
}

}  // namespace thaw
