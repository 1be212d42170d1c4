// Clock: time stamps keep the time that passed.
//
// The recorder reads the clock when it begins and when it has ended: whatever it recorded lies in
// between, exactly. And the load reads it when it begins and ends: its threads were in code of
// their own in between and at no other time. A clock that is fast by one in a hundred puts the last
// events of ten seconds 100 ms after the end.
//
// Time stamps are made by the kernel's CLOCK_MONOTONIC, as the workload's and the recorder's are,
// so nothing is left to spare but kSpareNs: two CPUs' clocks may differ by the microseconds to
// which a kernel can align them. What a thread does between its birth and the load's beginning, and
// after its end while it waits for a CPU, is no more than kLoadSpare of the load: 88 ms of 4 s, of
// eight threads on a CPU of 60 MIPS. Threads that lead their process are left out of the second:
// they print the truth when it is over. A clock that is slow shows in `rate` and `time`, and not
// here.

#include <algorithm>
#include <unordered_set>

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

constexpr int64_t kSpareNs = 100'000;
constexpr double kLoadSpare = 0.04;

Measure& add(Fidelity& fidelity, const char* name, int64_t excess_ns, int64_t spare_ns,
             const char* means) {
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::clock, name));
  measure.value = static_cast<double>(excess_ns) / 1e6;
  measure.unit = "ms";
  measure.high = static_cast<double>(spare_ns) / 1e6;
  measure.means = means;
  return measure;
}

/// How far outside of [start_ns, end_ns], at most.
class Excess {
 public:
  Excess(int64_t start_ns, int64_t end_ns) : start_ns_(start_ns), end_ns_(end_ns) {}
  void take(int64_t time_ns) {
    most_ns = std::max({most_ns, start_ns_ - time_ns, time_ns - end_ns_});
    count++;
  }
  int64_t most_ns = 0;
  uint64_t count = 0;

 private:
  int64_t start_ns_;
  int64_t end_ns_;
};

void measure_recording(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "events before the recording began or after it ended, at most by";
  if (!held.capture.ending()) {
    fidelity.measures.push_back(unavailable(MeasureKind::clock, kName, "the capture has no end"));
    return;
  }
  Excess excess(held.capture.header().start_ns, held.capture.ending()->end_ns);
  for (const Event* event : held.events)
    if (event->kind != EventKind::kernel_log) excess.take(event->time_ns);
  add(fidelity, kName, excess.most_ns, kSpareNs,
      "events have times at which nothing was recorded: the clock of events is not the machine's");
}

void measure_load(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "the load's own code before it began or after it ended, at most by";
  std::unordered_set<Tid> tids;
  for (const ThreadTruth& thread : held.truth.threads)
    if (thread.pid.value != 0 && thread.pid.value != thread.tid.value) tids.insert(thread.tid);
  Excess excess(held.truth.start_ns, held.truth.end_ns);
  if (held.truth.unit == "ns")
    for (const CpuHistory& history : held.cpus)
      for (const Event* sample : history.samples)
        if (sample->kernel_stack.value == 0 && tids.contains(sample->tid))
          excess.take(sample->time_ns);
  if (excess.count == 0) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::clock, kName,
                    "no sample in user code of a thread that the load started and ended"));
    return;
  }
  const auto spare_ns = static_cast<int64_t>(
      kLoadSpare * static_cast<double>(held.truth.end_ns - held.truth.start_ns));
  Measure& measure = add(fidelity, kName, excess.most_ns, std::max(kSpareNs, spare_ns),
                         "samples show the load at work when by its own clock it was not");
  measure.is_of_truth = true;
}

}  // namespace

void measure_clock(const Held& held, Fidelity& fidelity) {
  measure_recording(held, fidelity);
  measure_load(held, fidelity);
}

}  // namespace thaw
