// The books of a capture.
//
// Each event is counted three times on its way: when it happened (a counter in the kernel, before
// anything can go wrong), when it was lost (a counter with a name), and in the file. These counts
// come from different places, so that a leak between them shows as a difference instead of
// vanishing in a sum. Losses are not known by kind, hence only totals can be balanced.

#include "profiler/analysis/accounting.h"

#include <algorithm>
#include <numeric>

namespace thaw {
namespace {

/// Kinds that the recorder itself makes; no program counts them.
bool is_counted_by_kernel(EventKind kind) {
  return kind != EventKind::task_seen && kind != EventKind::kernel_log && kind != EventKind::stall;
}

template <class Array>
uint64_t total(const Array& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

std::vector<CountedLoss> losses_of(const Tally& tally) {
  std::vector<CountedLoss> losses;
  for (const auto& [name, count] : tally.losses)
    if (count != 0) losses.push_back({name, count, find_loss(name)});
  std::ranges::stable_sort(losses, std::ranges::greater{}, [](const CountedLoss& loss) {
    return loss.row ? static_cast<int>(loss.row->severity) : 0;
  });
  return losses;
}

std::optional<uint64_t> kernel_switches_of(const Tally& tally) {
  if (tally.switches.empty()) return std::nullopt;
  uint64_t sum = 0;
  for (const SwitchWindow& window : tally.switches) {
    if (!window.closed) return std::nullopt;
    sum += window.kernel;
  }
  return sum;
}

}  // namespace

Accounting account(const Capture& capture) {
  Accounting books;
  for (const Event& event : capture.events()) books.recorded[static_cast<size_t>(event.kind)]++;
  for (const auto& chunk : capture.samples_apart())
    books.recorded[static_cast<size_t>(EventKind::sample)] += chunk.size();
  if (!capture.tally()) {
    books.happened = books.recorded;
    return books;
  }
  const Tally& tally = *capture.tally();
  books.happened = tally.happened;
  for (int kind = 0; kind < kEventKinds; kind++)
    if (!is_counted_by_kernel(static_cast<EventKind>(kind)))
      books.happened[kind] = books.recorded[kind];
  books.losses = losses_of(tally);
  books.kernel_switches = kernel_switches_of(tally);
  books.is_final = capture.has_last_tally();
  return books;
}

uint64_t Accounting::happened_total() const {
  return total(happened);
}

uint64_t Accounting::recorded_total() const {
  return total(recorded);
}

uint64_t Accounting::lost() const {
  uint64_t sum = 0;
  for (const CountedLoss& loss : losses)
    if (loss.row && loss.row->severity == Severity::DataLoss) sum += loss.count;
  return sum;
}

uint64_t Accounting::switches_lost_at_most() const {
  uint64_t sum = lost();
  for (const CountedLoss& loss : losses)
    if (loss.name == "sample_shed" || loss.name == "slow_log_full") sum -= loss.count;
  return sum;
}

int64_t Accounting::unaccounted() const {
  return static_cast<int64_t>(happened_total() - recorded_total() - lost());
}

std::optional<int64_t> Accounting::switches_unaccounted() const {
  if (!kernel_switches) return std::nullopt;
  return static_cast<int64_t>(*kernel_switches -
                              happened[static_cast<size_t>(EventKind::sched_switch)]);
}

}  // namespace thaw
