// Time: how long a thread had a CPU, was ready for one, and waited, in a window that the workload
// says.
//
// The kernel's count of a thread's time (schedstat) and ours mean different things: ours runs from
// switch to switch and has the interrupts that came in between, and in a guest the time that the
// host gave to others; the kernel leaves out both where it accounts them. The workload says how
// much that was. What is compared is the time between switches: ours, in exactly the workload's
// window, against the kernel's count and what it left out. Time that a thread was ready is held
// against run_delay in the same way, as a part of the window and not of itself: it may be nothing.
// What is left of the window it waited.
//
// The interval is the tolerance: both counts are of the same scheduler's clock reads, and what lies
// between its reads and ours is a microsecond a switch. Time that the capture itself calls unknown
// does not count against it, as far as it goes: some kernels that run as guests switch now and then
// without calling the tracepoint, and it says so.

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

class Times {
 public:
  Times(const Held& held, const ThreadTruth& thread, Fidelity& fidelity)
      : held_(held),
        thread_(thread),
        truth_(*thread.on_cpu),
        seen_(held.timeline_of(thread.tid)),
        fidelity_(fidelity) {}

  void measure() {
    const double window_ns = static_cast<double>(truth_.end_ns - truth_.start_ns);
    const double true_ns = static_cast<double>(truth_.cpu_ns + truth_.excluded_ns);
    const double ready_ns = static_cast<double>(truth_.run_delay_ns);
    add("time on a CPU", in(ThreadState::running), true_ns, true_ns);
    add("time ready", in(ThreadState::ready), ready_ns, window_ns);
    add("time waiting", in(ThreadState::waiting), window_ns - true_ns - ready_ns, window_ns);
  }

 private:
  double in(ThreadState state) const {
    return static_cast<double>(time_in(seen_, state, truth_.start_ns, truth_.end_ns));
  }
  void add(const char* what, double seen_ns, double true_ns, double whole_ns) {
    Measure& measure = fidelity_.measures.emplace_back(measure_of(
        MeasureKind::time, fmt::format("{} of {} ({})", what, thread_.name, thread_.tid)));
    const double spare = 100 * held_.tolerance + percent(in(ThreadState::unknown), whole_ns);
    measure.value = percent(seen_ns - true_ns, whole_ns);
    measure.unit = "%";
    measure.low = -spare;
    measure.high = spare;
    measure.is_of_truth = true;
    measure.is_time = true;
  }

  const Held& held_;
  const ThreadTruth& thread_;
  const OnCpuTruth& truth_;
  const ThreadTimeline& seen_;
  Fidelity& fidelity_;
};

}  // namespace

void measure_time(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "time on a CPU, ready and waiting";
  bool is_told = false;
  for (const ThreadTruth& thread : held.truth.threads) {
    if (!thread.on_cpu) continue;
    is_told = true;
    if (std::string why = held.why_not_covered(thread.on_cpu->start_ns, thread.on_cpu->end_ns);
        !why.empty()) {
      fidelity.measures.push_back(unavailable(MeasureKind::time, kName, std::move(why)));
      return;
    }
    Times(held, thread, fidelity).measure();
  }
  if (!is_told)
    fidelity.measures.push_back(
        unavailable(MeasureKind::time, kName, "the truth says of no thread how long it ran"));
}

}  // namespace thaw
