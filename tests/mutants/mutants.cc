// The table of mutants.

#include "tests/mutants/mutants.h"

#include <algorithm>
#include <cstdlib>

namespace mutant {
namespace {

constexpr Mutant kMutants[] = {
    {"drop-samples", "drops 1 % of the samples behind the kernel's back", "counts", drop_samples},
    {"drop-cpu", "takes no samples on one CPU for 200 ms", "gaps", drop_cpu},
    {"skip-leaf", "leaves out the innermost frame of each sample", "stacks", skip_leaf},
    {"late-thread", "charges the first sample after a switch to the thread before it", "order",
     late_thread},
    {"fast-clock", "stamps events with a clock that is 1 % fast", "clock", fast_clock},
    {"lose-brief-threads", "knows nothing of threads that live for less than 5 ms", "threads",
     lose_brief_threads},
    {"cut-stacks", "keeps 32 frames of a user stack and calls it complete", "stacks", cut_stacks},
    {"double-loss", "counts each loss twice", "losses", double_loss},
    {"tick-phase", "samples with a fixed period, in step with a load of the same period", "skew",
     tick_phase},
    {"swap-waker", "takes who wakes for who is woken", "wakers", swap_waker},
};

}  // namespace

std::span<const Mutant> all_mutants() {
  return kMutants;
}

const Mutant* find_mutant(std::string_view name) {
  const auto found = std::ranges::find(
      kMutants, name, [](const Mutant& one) { return std::string_view(one.name); });
  return found == std::end(kMutants) ? nullptr : found;
}

thaw::Result<const Mutant*> chosen_mutant() {
  const char* name = std::getenv("THAW_MUTANT");
  const Mutant* found = find_mutant(name == nullptr ? "" : name);
  if (found == nullptr)
    return thaw::fail(thaw::ErrorKind::User, "THAW_MUTANT={}: no such mutant; see --list",
                      name == nullptr ? "" : name);
  return found;
}

}  // namespace mutant
