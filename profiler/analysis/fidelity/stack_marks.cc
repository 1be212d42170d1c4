// Stack marks: a stack that is not whole says so.
//
// A stack that is called complete ends at the entry of its thread: in the code that started it,
// which nobody calls. So the address at its outer end is nowhere a frame in the middle of another
// stack of that process, nor of its own. One that was cut in silence ends at a return into code
// that calls and is called: in recursion, its own stack has the same address further in; else
// stacks that are less deep have. That needs no names, and no truth.
//
// What an entry is need not be guessed, but by chance an address can be both: kSpare, a thousandth,
// for code that starts threads of its own.

#include <unordered_map>
#include <unordered_set>

#include "profiler/analysis/fidelity/measures.h"

namespace thaw {

namespace {

constexpr double kSpare = 0.1;

}  // namespace

void measure_stack_marks(const Held& held, Fidelity& fidelity) {
  constexpr char kName[] = "stacks that are called whole and end in the middle";
  std::unordered_map<Pid, std::unordered_set<uint64_t>> inner;  // addresses, by process
  std::unordered_set<uint64_t> seen;                            // process and stack
  const auto each = [&](auto visit) {
    for (const Event* event : held.events)
      if (event->user_end == StackEnd::complete && event->user_stack.value != 0)
        visit(*event, held.capture.stack(event->user_stack));
  };
  each([&](const Event& event, std::span<const uint64_t> frames) {
    const auto key = static_cast<uint64_t>(event.pid.value) << 32 | event.user_stack.value;
    if (!seen.insert(key).second) return;
    // The leaf is where it is, and no return address.
    for (size_t at = 1; at + 1 < frames.size(); at++) inner[event.pid].insert(frames[at]);
  });
  uint64_t wrong = 0;
  uint64_t all = 0;
  each([&](const Event& event, std::span<const uint64_t> frames) {
    if (frames.size() < 2) return;
    all++;
    if (inner[event.pid].contains(frames.back())) wrong++;
  });
  if (all == 0) {
    fidelity.measures.push_back(
        unavailable(MeasureKind::stacks, kName, "no stack says that it is whole"));
    return;
  }
  Measure& measure = fidelity.measures.emplace_back(measure_of(MeasureKind::stacks, kName));
  measure.value = percent(static_cast<double>(wrong), static_cast<double>(all));
  measure.unit = "%";
  measure.high = kSpare;
  measure.means = "stacks are cut, and are shown as if they were whole";
}

}  // namespace thaw
