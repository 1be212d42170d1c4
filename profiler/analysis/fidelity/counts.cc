// Counts: received + lost by name = generated.
//
// Exact: an event that happened is in the file or in a loss with a name, and a loss is of one
// event. The two sides are counted in different places (accounting.h), so a leak shows as a
// difference. A difference has a sign, and each sign is a lie of its own: more happened than there
// is (counts), or more is said to be lost than can be (losses).
//
// The kernel's own count of switches, over exactly the recorded window of each CPU, is an upper
// bound: what it did not count cannot have been recorded. A kernel that runs as a guest itself was
// seen to switch now and then past every tracepoint, whoever listened; the capture says so by these
// very numbers (`thaw info`), so that here it is reported. The lab, whose kernels do not, is
// strict.

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

void measure_counts(const Held& held, Fidelity& fidelity) {
  const Accounting& books = held.books;
  auto& measures = fidelity.measures;
  constexpr char kCounts[] = "events that are neither recorded nor lost by name";
  constexpr char kLosses[] = "losses by name that never were";
  if (books.is_final) {
    const auto gap = static_cast<double>(books.unaccounted());
    Measure& counts = measures.emplace_back(measure_of(MeasureKind::counts, kCounts));
    counts.value = std::max(0.0, gap);
    Measure& losses = measures.emplace_back(measure_of(MeasureKind::losses, kLosses));
    losses.value = std::max(0.0, -gap);
  } else {
    const std::string why = "the capture was killed or damaged: its counters are of another moment";
    measures.push_back(unavailable(MeasureKind::counts, kCounts, why));
    measures.push_back(unavailable(MeasureKind::losses, kLosses, why));
  }

  constexpr char kSwitches[] = "switches that the kernel never made";
  constexpr char kUnseen[] = "switches that only the kernel counted";
  if (const auto gap = books.switches_unaccounted(); gap && books.is_final) {
    Measure& more = measures.emplace_back(measure_of(MeasureKind::counts, kSwitches));
    more.value = static_cast<double>(std::max<int64_t>(0, -*gap));
    more.means = "the capture has more switches than the kernel counted in the same window";
    Measure& unseen = measures.emplace_back(measure_of(MeasureKind::counts, kUnseen));
    unseen.value = percent(static_cast<double>(std::max<int64_t>(0, *gap)),
                           static_cast<double>(*books.kernel_switches));
    unseen.unit = "%";
    unseen.is_judged = false;
    unseen.means = "the kernel did not call the recorder for these switches";
  } else {
    measures.push_back(unavailable(
        MeasureKind::counts, kSwitches,
        "the kernel's own counter was not read, or a CPU did not switch again before the end"));
  }
}

}  // namespace thaw
