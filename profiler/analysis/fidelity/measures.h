#pragma once
// The measures, each in a file of its own name. Each adds what it has to say, an `unavailable`
// entry where the capture or the truth cannot carry it. Pure, but for those that name functions.

#include "profiler/analysis/fidelity/held.h"
#include "profiler/analysis/fidelity/measure.h"

namespace thaw {

void measure_counts(const Held& held, Fidelity& fidelity);  ///< and losses
void measure_rate(const Held& held, Fidelity& fidelity);
void measure_gaps(const Held& held, Fidelity& fidelity);
void measure_time(const Held& held, Fidelity& fidelity);
void measure_waits(const Held& held, Fidelity& fidelity);  ///< and who ended them
void measure_wakers(const Held& held, Fidelity& fidelity);
void measure_order(const Held& held, Fidelity& fidelity);
void measure_clock(const Held& held, Fidelity& fidelity);
void measure_threads(const Held& held, Fidelity& fidelity);
void measure_stack_marks(const Held& held, Fidelity& fidelity);
void measure_thread_skew(const Held& held, Fidelity& fidelity);

}  // namespace thaw
